// Elements, numbers in words, and arrays out of the page's data.

const SVG = 'http://www.w3.org/2000/svg';
const TYPES = {
  uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, int8: Int8Array,
  int16: Int16Array, int32: Int32Array, float32: Float32Array,
};

// An element: attributes, `on...` listeners, children that are nodes, texts or lists.
function el(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, '');
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return node;
}

const percent = (value, digits = 0) =>
  value == null || !isFinite(value) ? '–' : `${(100 * value).toFixed(digits)}\u00a0%`;
const count = (value) => (value == null ? '–' : Math.round(value).toLocaleString('en'));
const fixed = (value, digits = 3) =>
  value == null || !isFinite(value) ? '–' : value.toFixed(digits);
const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

// A probability in as many digits as tell it from 0 and from 1.
function chance(value) {
  if (value == null || !isFinite(value)) return '–';
  if (value < 0.001) return '<\u00a00.1\u00a0%';
  if (value > 0.999) return '>\u00a099.9\u00a0%';
  return percent(value, value < 0.1 || value > 0.9 ? 1 : 0);
}

const classColour = (place) =>
  place < 10 ? `var(--c${place})` : `hsl(${(place * 137) % 360} 45% 55%)`;

// Every packed array of `value` as a typed array with a `shape`, in place.
async function unpack(value) {
  if (value == null || typeof value !== 'object') return value;
  if (typeof value.gzip === 'string') {
    const text = atob(value.gzip);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    const array = new TYPES[value.dtype](await new Response(stream).arrayBuffer());
    array.shape = value.shape;
    return array;
  }
  const names = Object.keys(value);
  const inner = await Promise.all(names.map((name) => unpack(value[name])));
  names.forEach((name, i) => { value[name] = inner[i]; });
  return value;
}

// Part `place` of an array along its first axis, with the shape that is left.
function part(array, place) {
  const shape = array.shape.slice(1);
  const size = shape.reduce((product, length) => product * length, 1);
  const found = array.subarray(place * size, (place + 1) * size);
  found.shape = shape;
  return found;
}

const range = (length) => Array.from({length}, (_, i) => i);
const rows = (matrix) => range(matrix.shape[0]).map((i) => Array.from(part(matrix, i)));

// A panel with a heading and a sentence that says what is seen.
function panel(heading, said, ...children) {
  return el('div', {class: 'panel'},
    el('h3', {}, heading), said && el('p', {class: 'quiet small'}, said), children);
}

// What a part of the page needs, or a line that says why it is not there.
function unless(content, build) {
  return typeof content === 'string' ? el('p', {class: 'none'}, content) : build(content);
}

// A command that is broken between its words only.
function command(text) {
  return el('span', {class: 'code'}, text.split(' ').flatMap((word, i) => [i ? ' ' : null, el('span', {}, word)]));
}

// A table: heads, or null, and cells are texts or nodes; columns of `left` hold no
// numbers.
function grid(heads, lines, left = [0], attributes = {class: 'plain'}) {
  const side = (i) => (left.includes(i) ? {} : {class: 'n'});
  const first = (cell) => el('th', {scope: 'row'}, cell);
  return el('div', {class: 'scroll'}, el('table', attributes,
    heads && el('thead', {}, el('tr', {}, heads.map((head, i) => el('th', {scope: 'col', ...side(i)}, head)))),
    el('tbody', {}, lines.map((cells) => el('tr', {}, cells.map((cell, i) =>
      i ? el('td', side(i), cell) : first(cell)))))));
}
