// Forward and backward of a small graph, in the browser.
//
// A tensor is {shape, data}: data in row-major order. An op is {forward(xs, s, shape), backward(dy, y, xs, s)}:
// xs its inputs, s its settings, shape that of the result; backward returns one gradient per input.
"use strict";

const size = shape => shape.reduce((n, d) => n * d, 1);

/** The places in an array of one shape that the elements of a larger one are read from: broadcasting. */
function places(from, to) {
  const found = new Array(size(to)).fill(0);
  const lead = to.length - from.length;
  for (let i = 0; i < found.length; i++) {
    let rest = i, stride = 1;
    for (let axis = to.length - 1; axis >= 0; axis--) {
      const at = rest % to[axis];
      rest = Math.floor(rest / to[axis]);
      if (axis < lead) continue;
      const n = from[axis - lead];
      if (n > 1) found[i] += at * stride;
      stride *= n;
    }
  }
  return found;
}

const spread = (x, shape) => ({shape, data: places(x.shape, shape).map(i => x.data[i])});

/** Add up what `spread` repeats: its adjoint. */
function gather(x, shape) {
  const data = new Array(size(shape)).fill(0);
  places(shape, x.shape).forEach((to, i) => { data[to] += x.data[i]; });
  return {shape, data};
}

/** Apply f to the elements of tensors, broadcast to one shape. */
function each(f, shape, ...xs) {
  const spreads = xs.map(x => spread(x, shape).data);
  return {shape, data: Array.from({length: size(shape)}, (_, i) => f(...spreads.map(d => d[i])))};
}

const reshaped = (x, shape) => ({shape, data: x.data});

/** An elementwise op: f(x), and its slope in terms of x and y. */
const unary = (f, slope) => ({
  forward: ([x], s, shape) => each(v => f(v, s), shape, x),
  backward: (dy, y, [x], s) => [each((d, v, r) => d * slope(v, r, s), y.shape, dy, x, y)],
});

/** An elementwise op of two: f(x, y), and its slopes in terms of x, y and the result z. */
const binary = (f, slopeX, slopeY) => ({
  forward: ([x, y], s, shape) => each(f, shape, x, y),
  backward: (dz, z, [x, y]) => [slopeX, slopeY].map(slope =>
    each((d, a, b, c) => d * slope(a, b, c), z.shape, dz, x, y, z)),
});

function product(x, w) {
  const [t, k] = x.shape, m = w.shape[1], data = new Array(t * m).fill(0);
  for (let i = 0; i < t; i++)
    for (let j = 0; j < m; j++)
      for (let c = 0; c < k; c++) data[i * m + j] += x.data[i * k + c] * w.data[c * m + j];
  return {shape: [t, m], data};
}

/** Reorder axes: axis i of the result is axis axes[i] of x. */
function permuted(x, axes) {
  const strides = x.shape.map((_, i) => size(x.shape.slice(i + 1)));
  const shape = axes.map(a => x.shape[a]);
  const data = Array.from({length: size(shape)}, (_, i) => {
    let rest = i, from = 0;
    for (let axis = axes.length - 1; axis >= 0; axis--) {
      from += (rest % shape[axis]) * strides[axes[axis]];
      rest = Math.floor(rest / shape[axis]);
    }
    return x.data[from];
  });
  return {shape, data};
}

const turned = x => permuted(x, [1, 0]);

/** Reduce to the shape s.kept by the larger (sign 1) or the smaller (sign -1) of two; a tie shares the gradient. */
const extreme = sign => ({
  forward: ([x], s, shape) => {
    const data = new Array(size(s.kept)).fill(-sign * Infinity);
    places(s.kept, x.shape).forEach((to, i) => {
      const v = x.data[i];
      if (Number.isNaN(v) || sign * v > sign * data[to]) data[to] = v;
    });
    return {shape, data};
  },
  backward: (dy, y, [x], s) => {
    const hit = each((v, r) => Number(v === r), x.shape, x, reshaped(y, s.kept));
    const hits = spread(gather(hit, s.kept), x.shape);
    return [each((d, h, n) => d * h / n, x.shape, reshaped(dy, s.kept), hit, hits)];
  },
});

/** Scores minus the largest along an axis, and the sum of their exponentials there. */
function shifted(x, axis) {
  const kept = x.shape.map((n, i) => i === axis ? 1 : n);
  const largest = extreme(1).forward([x], {kept}, kept);
  const moved = each((v, m) => v - m, x.shape, x, largest);
  return {kept, moved, sums: gather(each(Math.exp, x.shape, moved), kept)};
}

const softmax = (x, axis) => {
  const {moved, sums} = shifted(x, axis);
  return each((v, n) => Math.exp(v) / n, x.shape, moved, sums);
};

const sigmoid = v => v >= 0 ? 1 / (1 + Math.exp(-v)) : Math.exp(v) / (1 + Math.exp(v));
const power = (x, n) => n === 0 ? 1 : Math.pow(x, n);
const tie = (won, tied) => won ? 1 : tied ? 0.5 : 0;

const OPS = {
  add: binary((x, y) => x + y, () => 1, () => 1),
  sub: binary((x, y) => x - y, () => 1, () => -1),
  mul: binary((x, y) => x * y, (x, y) => y, x => x),
  div: binary((x, y) => x / y, (x, y) => 1 / y, (x, y, z) => -z / y),
  maximum: binary(Math.max, (x, y) => tie(x > y, x === y), (x, y) => tie(y > x, x === y)),
  minimum: binary(Math.min, (x, y) => tie(x < y, x === y), (x, y) => tie(y < x, x === y)),
  neg: unary(x => -x, () => -1),
  square: unary(x => x * x, x => 2 * x),
  reciprocal: unary(x => 1 / x, (x, y) => -y * y),
  exp: unary(Math.exp, (x, y) => y),
  log: unary(Math.log, x => 1 / x),
  sqrt: unary(Math.sqrt, (x, y) => 1 / (2 * y)),
  tanh: unary(Math.tanh, (x, y) => 1 - y * y),
  sigmoid: unary(sigmoid, (x, y) => y * (1 - y)),
  relu: unary(x => x > 0 || Number.isNaN(x) ? x : 0, (x, y) => Number(y > 0)),
  abs: unary(Math.abs, Math.sign),
  sin: unary(Math.sin, Math.cos),
  cos: unary(Math.cos, x => -Math.sin(x)),
  clone: unary(x => x, () => 1),
  pow: {
    forward: ([x, n], s, shape) => n ? each(power, shape, x, n) : each(v => power(v, s.n), shape, x),
    backward: (dz, z, [x, n], s) => {
      const slope = (v, k) => k === 0 ? 0 : k * power(v, k - 1);
      if (!n) return [each((d, v) => d * slope(v, s.n), z.shape, dz, x)];
      const dn = (d, v, k, r) => v === 0 && k >= 0 ? 0 : d * r * Math.log(v);
      return [each((d, v, k) => d * slope(v, k), z.shape, dz, x, n), each(dn, z.shape, dz, x, n, z)];
    },
  },
  sum: {
    forward: ([x], s, shape) => reshaped(gather(x, s.kept), shape),
    backward: (dy, y, [x], s) => [spread(reshaped(dy, s.kept), x.shape)],
  },
  mean: {
    forward: ([x], s, shape) => each(v => v * size(shape) / size(x.shape), shape, reshaped(gather(x, s.kept), shape)),
    backward: (dy, y, [x], s) =>
      [each(d => d * size(y.shape) / size(x.shape), x.shape, reshaped(dy, s.kept))],
  },
  max: extreme(1), amax: extreme(1), min: extreme(-1), amin: extreme(-1),
  matmul: {
    forward: ([x, w]) => product(x, w),
    backward: (dy, y, [x, w]) => [product(dy, turned(w)), product(turned(x), dy)],
  },
  linear: {
    forward: ([x, w, b], s, shape) => {
      const y = product(x, turned(w));
      return b ? each((v, c) => v + c, shape, y, b) : y;
    },
    backward: (dy, y, [x, w, b]) =>
      [product(dy, w), product(turned(dy), x), ...b ? [gather(dy, b.shape)] : []],
  },
  broadcast_to: {
    forward: ([x], s, shape) => spread(x, shape),
    backward: (dy, y, [x]) => [gather(dy, x.shape)],
  },
  reshape: {
    forward: ([x], s, shape) => reshaped(x, shape),
    backward: (dy, y, [x]) => [reshaped(dy, x.shape)],
  },
  permute: {
    forward: ([x], s) => permuted(x, s.axes),
    backward: (dy, y, xs, s) => [permuted(dy, s.axes.map((_, i) => s.axes.indexOf(i)))],
  },
  softmax: {
    forward: ([x], s) => softmax(x, s.axis),
    backward: (dy, y, [x], s) => {
      const {kept} = shifted(x, s.axis);
      const total = gather(each((d, p) => d * p, y.shape, dy, y), kept);
      return [each((d, p, t) => p * (d - t), y.shape, dy, y, total)];
    },
  },
  log_softmax: {
    forward: ([x], s) => {
      const {moved, sums} = shifted(x, s.axis);
      return each((v, n) => v - Math.log(n), x.shape, moved, sums);
    },
    backward: (dy, y, [x], s) => {
      const total = gather(dy, shifted(x, s.axis).kept);
      return [each((d, v, t) => d - Math.exp(v) * t, y.shape, dy, y, total)];
    },
  },
  cross_entropy: {
    forward: ([x], s, shape) => {
      const scores = OPS.log_softmax.forward([x], {axis: 1});
      return {shape, data: s.classes.map((c, n) => c < 0 ? 0 : -scores.data[n * x.shape[1] + c])};
    },
    backward: (dy, y, [x], s) => {
      const p = softmax(x, 1), columns = x.shape[1];
      const data = p.data.map((v, i) => {
        const n = Math.floor(i / columns), c = s.classes[n];
        return c < 0 ? 0 : (v - Number(i % columns === c)) * dy.data[n];
      });
      return [{shape: x.shape, data}];
    },
  },
};
OPS.transpose = OPS.permute;

const precise = (x, dtype) => dtype === "float32" ? {shape: x.shape, data: x.data.map(Math.fround)} : x;

/** Compute a graph from the data of its inputs: its values, its gradients, what each arrow carries, and the slopes. */
function compute(graph, inputs) {
  const values = [], sources = graph.values.map(() => []);
  graph.arrows.forEach((arrow, k) => sources[arrow.target].push(k));
  graph.values.forEach((value, i) => {
    const xs = sources[i].map(k => values[graph.arrows[k].source]);
    values.push(xs.length ? precise(OPS[value.op].forward(xs, value.settings, value.shape), value.dtype)
      : {shape: value.shape, data: inputs[i]});
  });
  const last = values.length - 1, grads = values.map(() => null);
  const carried = graph.arrows.map(() => null), slopes = graph.arrows.map(() => null);
  grads[last] = {shape: values[last].shape, data: values[last].data.map(() => 1)};
  for (let i = last; i >= 0; i--) {
    if (!grads[i] || !sources[i].length) continue;
    const xs = sources[i].map(k => values[graph.arrows[k].source]);
    const rules = dy => OPS[graph.values[i].op].backward(dy, values[i], xs, graph.values[i].settings);
    const dxs = rules(grads[i]), one = size(values[i].shape) === 1;
    const units = one ? rules({shape: values[i].shape, data: [1]}) : [];
    sources[i].forEach((k, n) => {
      const {source, flows} = graph.arrows[k];
      if (!flows) return;
      if (graph.arrows[k].slope !== null) slopes[k] = units[n].data[0];
      const dx = carried[k] = precise(dxs[n], graph.values[source].dtype);
      grads[source] = grads[source] ? each((a, b) => a + b, dx.shape, grads[source], dx) : dx;
    });
  }
  const data = xs => xs.map(x => x && x.data);
  return {values: data(values), grads: data(grads), carried: data(carried), slopes};
}
