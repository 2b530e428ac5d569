// A page to the contract of the exercise's page. A press of p sends one request with all points. A
// press of c sends none. Answers are not checked.

const NS = "http://www.w3.org/2000/svg";
const box = document.getElementById("centeredBox");
const width = box.clientWidth;
const height = box.clientHeight;
const toggle = document.getElementById("toggle");
const sliders = { n_components: "Number of components", epochs: "Number of epochs" };

function add(parent, name, attributes) {
  const element = document.createElementNS(NS, name);
  Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
  parent.appendChild(element);
  return element;
}

const scaleX = (x) => ((x + 1) / 2) * width;
const scaleY = (y) => ((1 - y) / 2) * height;
const unscaleX = (px) => (px / width) * 2 - 1;

const svg = add(box, "svg", { width, height });
add(svg, "line", { x1: 0, x2: width, y1: scaleY(0), y2: scaleY(0), stroke: "black" });
add(svg, "line", { x1: scaleX(0), x2: scaleX(0), y1: 0, y2: height, stroke: "black" });
const follower = add(svg, "circle", { r: 5, fill: "black" });
follower.style.pointerEvents = "none";

toggle.checked = true;
Object.entries(sliders).forEach(([id, text]) => {
  const slider = document.getElementById(id);
  const label = document.getElementById(`${id}_label`);
  const show = () => (label.textContent = `${text}: ${slider.value}`);
  slider.addEventListener("input", show);
  show();
});

svg.addEventListener("mousemove", (event) => {
  const frame = svg.getBoundingClientRect();
  follower.setAttribute("cx", event.clientX - frame.left);
  follower.setAttribute("cy", event.clientY - frame.top);
});

svg.addEventListener("click", (event) => {
  if (!toggle.checked) return;
  const px = event.clientX - svg.getBoundingClientRect().left;
  add(svg, "circle", { class: "point", r: 5, cx: px, cy: scaleY(0), fill: "steelblue" });
});

function density(x, weights, means, variances) {
  let total = 0;
  for (let k = 0; k < weights.length; k += 1) {
    const gauss = Math.exp(-((x - means[k]) ** 2) / (2 * variances[k]));
    total += (weights[k] / Math.sqrt(2 * Math.PI * variances[k])) * gauss;
  }
  return total;
}

function draw({ pi, mu, sigma }) {
  if (pi.length !== mu.length || mu.length !== sigma.length) throw new Error("unequal lists");
  const xs = Array.from({ length: 200 }, (_, i) => -1 + i * 0.01);
  const heights = xs.map((x) => density(x, pi, mu, sigma));
  const least = Math.min(...heights);
  const range = Math.max(...heights) - least;
  const corners = xs.map((x, i) => `${scaleX(x)},${scaleY((heights[i] - least) / range)}`);
  add(svg, "path", { class: "drawn-line", d: `M${corners.join("L")}`, fill: "none", stroke: "red" });
}

function removeAll(selector) {
  svg.querySelectorAll(selector).forEach((element) => element.remove());
}

document.addEventListener("keydown", (event) => {
  if (event.key === "c") {
    removeAll(".point");
    removeAll(".drawn-line");
  }
  if (event.key === "p") {
    removeAll(".drawn-line");
    const coordinates = [...svg.querySelectorAll(".point")].map((point) => ({
      x: unscaleX(Number(point.getAttribute("cx"))),
      y: 0,
    }));
    const query = ["n_components", "epochs"]
      .map((id) => `${id}=${document.getElementById(id).value}`)
      .join("&");
    fetch(`/train?${query}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ coordinates }),
    })
      .then((response) => response.json())
      .then(draw);
  }
});
