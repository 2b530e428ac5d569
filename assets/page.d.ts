/** Globals of the page: plotly.js, and the object on which Dash and the files of assets/ meet. */
interface Window {
  Plotly: any;
  dash_clientside: any;
}
