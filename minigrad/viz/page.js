// Stepping through a graph: first every value is computed, then every gradient flows back along its arrow.
"use strict";

const graph = JSON.parse(document.getElementById("data").textContent);
const byId = id => document.getElementById(id);
const numbers = data => data && data.map(Number);  // NaN and infinities are written as text

const isInput = graph.values.map((_, i) => graph.arrows.every(arrow => arrow.target !== i));
const recorded = {
  values: graph.values.map(v => numbers(v.data)),
  grads: graph.values.map(v => numbers(v.grad)),
  carried: graph.arrows.map(a => numbers(a.carried)),
  slopes: graph.arrows.map(a => a.slope === null ? null : Number(a.slope)),
};
let inputs = recorded.values.map((data, i) => isInput[i] ? data : null);
let now = recorded;
let step = 0;

const short = x => Number.isFinite(x) ? String(Number(x.toPrecision(4))) : String(x);

/** Write a tensor as nested brackets, a row to a line. */
function nested(data, shape, depth = 0) {
  if (!shape.length) return short(data[0]);
  if (!shape[0]) return "[]";
  const stride = data.length / shape[0];
  const rows = Array.from({length: shape[0]}, (_, i) => nested(data.slice(i * stride, (i + 1) * stride), shape.slice(1), depth + 1));
  return `[${rows.join(shape.length > 1 ? ",\n" + " ".repeat(depth + 1) : ", ")}]`;
}

/** Write a tensor on one line of a box: its elements if they fit, else their range. */
function line(data, shape) {
  if (!data) return "…";
  const all = nested(data, shape).replace(/\n */g, " ");
  if (all.length <= graph.room) return all;
  return `${short(Math.min(...data))} to ${short(Math.max(...data))}`;
}

const shapeText = shape => shape.length ? `(${shape.join(", ")}${shape.length === 1 ? "," : ""})` : "a number";

/** Write a tensor in full, for the panel; one too large for the page as its range. */
const full = (data, shape, summary) => data ? nested(data, shape) : `${shapeText(shape)}, ${summary}`;

/** Add up what has flowed into a value in the first `upTo` steps; null if nothing has. */
function gradientSoFar(i, upTo) {
  let total = null;
  graph.steps.slice(0, upTo + 1).forEach(s => {
    if (s.phase === "seed" && s.value === i) total = now.grads[i];
    if (s.phase !== "back" || graph.arrows[s.arrow].source !== i) return;
    const dx = now.carried[s.arrow];
    total = total && dx ? total.map((t, k) => t + dx[k]) : dx;
  });
  return total;
}

/** Say what happens in a step, as pairs of a term and what it is. */
function facts(s) {
  if (s.phase === "start") return [["What is given", "the inputs; every other value is computed from them"]];
  if (s.phase === "back") return backFacts(s);
  const v = graph.values[s.value];
  if (s.phase === "seed") return [["Start", "the derivative of the loss by itself is 1"],
    ["Gradient", full(now.grads[s.value], v.shape, v.gradSummary)]];
  const sources = graph.arrows.filter(a => a.target === s.value).map(a => a.source);
  return [["Computes", v.formula], ...sources.map(i => [`Input: ${graph.values[i].title}`,
    full(now.values[i], graph.values[i].shape, graph.values[i].summary)]),
  ["Value", full(now.values[s.value], v.shape, v.summary)], ...place(v)];
}

function backFacts(s) {
  const arrow = graph.arrows[s.arrow], x = graph.values[arrow.source], y = graph.values[arrow.target];
  const flows = graph.steps.filter(t => t.phase === "back" && graph.arrows[t.arrow].source === arrow.source);
  const nth = flows.indexOf(s) + 1;
  return [["Computes", y.formula], ["Rule", arrow.formula || "(the source gives no formula)"],
    ["Gradient of the result", full(now.grads[arrow.target], y.shape, y.gradSummary)],
    ["What flows back", full(now.carried[s.arrow], x.shape, arrow.summary)],
    [`Gradient of ${x.title} so far, ${nth} of ${flows.length} arrows`,
      full(gradientSoFar(arrow.source, step), x.shape, nth === flows.length ? x.gradSummary : "not complete")],
    [`Value of ${x.title}`, full(now.values[arrow.source], x.shape, x.summary)], ...place(y)];
}

const place = v => v.place ? [["Line", `${v.place}\n${v.code}`]] : [];

function heading(s) {
  if (s.phase === "start") return "Before the first step";
  if (s.phase === "seed") return "Backward starts at the loss";
  if (s.phase === "forward") return `Forward: ${graph.values[s.value].title}`;
  const arrow = graph.arrows[s.arrow];
  return `Backward: ${graph.values[arrow.target].title} → ${graph.values[arrow.source].title}`;
}

/** Show the state after `step` steps. */
function show() {
  const s = graph.steps[step], past = graph.steps.slice(0, step + 1);
  const reached = new Set(past.filter(t => t.phase === "forward").map(t => t.value));
  const flowed = new Set(past.filter(t => t.phase === "back").map(t => t.arrow));
  graph.values.forEach((v, i) => {
    const group = byId(`value${i}`), text = group.querySelectorAll("text");
    const there = isInput[i] || reached.has(i), gradient = gradientSoFar(i, step);
    group.classList.toggle("ahead", !there);
    group.classList.toggle("now", s.value === i || (s.phase === "back" && graph.arrows[s.arrow].source === i));
    text[1].textContent = !there ? "" : now.values[i] ? line(now.values[i], v.shape) : v.summary;
    const done = past.some(t => t.phase === "back" && graph.arrows[t.arrow].source === i);
    text[2].textContent = gradient ? `∂ ${line(gradient, v.shape)}` : done ? `∂ ${v.gradSummary}` : "";
  });
  graph.arrows.forEach((arrow, k) => {
    const classes = byId(`arrow${k}`).classList;
    classes.toggle("ahead", !reached.has(arrow.target));
    classes.toggle("flowed", flowed.has(k));
    classes.toggle("now", s.arrow === k);
    const label = byId(`arrow${k}`).querySelectorAll("text")[1];
    if (label) label.textContent = `slope ${short(now.slopes[k])}`;
  });
  byId("heading").textContent = heading(s);
  byId("facts").replaceChildren(...facts(s).flatMap(([term, text]) => [element("dt", term), element("dd", text)]));
  byId("count").textContent = `step ${step} of ${graph.steps.length - 1}`;
  byId("first").disabled = byId("back").disabled = step === 0;
  byId("next").disabled = byId("last").disabled = step === graph.steps.length - 1;
}

function element(tag, text) {
  const found = document.createElement(tag);
  found.textContent = text;
  return found;
}

function go(to) {
  step = Math.max(0, Math.min(graph.steps.length - 1, to));
  show();
  const current = document.querySelector("#graph .value.now");
  if (current && current.scrollIntoView) current.scrollIntoView({block: "nearest", inline: "nearest"});
}

/** Read the numbers of an input field, null if they are not as many as `old`. What still reads like an old one is that. */
function parsed(text, old) {
  const parts = text.replace(/[[\],;]/g, " ").trim().split(/\s+/).filter(Boolean);
  const found = parts.map((part, k) => k < old.length && part === short(old[k]) ? old[k] : Number(part));
  return found.length === old.length && !found.some(Number.isNaN) ? found : null;
}

/** Give an input other values and compute everything anew; says whether they were accepted. */
function edit(i, text) {
  const found = graph.editable ? parsed(text, recorded.values[i]) : null;
  if (!found) return false;
  inputs[i] = found;
  now = compute(graph, inputs);
  show();
  return true;
}

function field(i) {
  const v = graph.values[i], label = element("label", `${v.title}, ${shapeText(v.shape)}`), input = document.createElement("input");
  input.id = `input${i}`;
  input.value = recorded.values[i].map(short).join(", ");
  input.addEventListener("input", () => input.setAttribute("aria-invalid", String(!edit(i, input.value))));
  input.addEventListener("keydown", event => event.stopPropagation());  // arrows move the cursor there
  label.append(input);
  return label;
}

function reset() {
  inputs = recorded.values.map((data, i) => isInput[i] ? data : null);
  now = recorded;
  build();
  show();
}

function build() {
  byId("why").textContent = graph.editable ? "Change a number: everything is computed anew, here in the page. Constants keep their values."
    : `This graph can only be stepped through: ${graph.why}.`;
  if (!graph.editable) return;
  const again = element("button", "Reset");
  again.type = "button";
  again.id = "again";
  again.addEventListener("click", reset);
  byId("inputs").replaceChildren(...graph.values.flatMap((v, i) => isInput[i] ? [field(i)] : []), again);
}

/** Write into the field of an input, as a user would. */
function type(i, text) {
  const input = byId(`input${i}`);
  if (!input) return;
  input.value = text;
  input.dispatchEvent(new Event("input"));
}

/** Obey the part of the address after #, so that a page can be opened, or tested, in any state.
 *
 *  step=5   press=ArrowRight   click=next   edit=0:1.5,2   compute   dump (writes all numbers into the page)
 */
function obey(address) {
  const words = decodeURIComponent(address.slice(1)).split("&").filter(Boolean);
  words.forEach(word => {
    const [name, text = ""] = word.split("=");
    if (name === "step") go(Number(text) || 0);
    if (name === "compute" && graph.editable) { now = compute(graph, inputs); show(); }
    if (name === "press") document.dispatchEvent(new KeyboardEvent("keydown", {key: text}));
    if (name === "click") byId(text).click();
    if (name === "edit") type(...text.split(":"));
    if (name !== "dump") return;
    const written = element("pre", JSON.stringify(now, (_, v) => typeof v === "number" && !Number.isFinite(v) ? String(v) : v));
    written.id = "dump";
    document.body.append(written);
  });
}

const keys = {ArrowRight: () => go(step + 1), ArrowLeft: () => go(step - 1), Home: () => go(0), End: () => go(Infinity)};
document.addEventListener("keydown", event => {
  if (!keys[event.key] || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  keys[event.key]();
});
byId("first").addEventListener("click", keys.Home);
byId("back").addEventListener("click", keys.ArrowLeft);
byId("next").addEventListener("click", keys.ArrowRight);
byId("last").addEventListener("click", keys.End);
byId("inputs").addEventListener("submit", event => event.preventDefault());
build();
show();
obey(location.hash);
