/** Globals of the page: plotly.js, and the object on which Dash and the files of assets/ meet. */
interface Window {
  Plotly: any;
  dash_clientside: any;
}

/** `window.dash_clientside`; dash_app/ui/page_script.py names it so. */
declare const gmm: any;
