// Bar charts as SVG that can be read on a light and on a dark page: no background, text in the page's contrast.

const SERIES = ['#3f87c9', '#d07f2a', '#4b9e70', '#9a6bc2'];
const LEFT = 190, WIDTH = 760, RIGHT = 70, BAR = 13, GAP = 11, TOP = 62;

const escaped = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;');

// The first of 1, 2, 5, 10, 20, 50, ... steps of which at most six cover `most`.
function stepOf(most) {
  for (let power = 0.001; ; power *= 10)
    for (const step of [1, 2, 5]) if (step * power * 6 >= most) return step * power;
}

// Groups of horizontal bars. `groups`: [{label, values}], a value for each name in `series`; null leaves a bar out.
// `limit`, {value, label}, is drawn as a line.
export function barChart({ title, unit, series, groups, limit }) {
  const most = Math.max(limit?.value ?? 0, ...groups.flatMap((group) => group.values.filter((value) => value !== null)));
  const step = stepOf(most), end = Math.ceil(most / step) * step;
  const x = (value) => (LEFT + (value / end) * (WIDTH - LEFT - RIGHT)).toFixed(1);
  const digits = step < 1 ? 1 : 0;
  const body = [];
  let y = TOP;
  for (const { label, values } of groups) {
    const shown = values.map((value, index) => ({ value, index })).filter(({ value }) => value !== null);
    body.push(`<text x="${LEFT - 8}" y="${y + (shown.length * BAR) / 2 + 4}" text-anchor="end">${escaped(label)}</text>`);
    for (const { value, index } of shown) {
      body.push(`<rect x="${LEFT}" y="${y}" width="${(x(value) - LEFT).toFixed(1)}" height="${BAR - 2}" fill="${SERIES[index]}"/>`,
        `<text class="value" x="${Number(x(value)) + 4}" y="${y + BAR - 3}">${value.toFixed(value < 10 ? 2 : 1)}</text>`);
      y += BAR;
    }
    y += GAP;
  }
  const grid = [];
  for (let at = 0; at <= end + step / 2; at += step)
    grid.push(`<line x1="${x(at)}" x2="${x(at)}" y1="${TOP - 6}" y2="${y}"/>`,
      `<text x="${x(at)}" y="${y + 15}" text-anchor="middle">${at.toFixed(digits)}</text>`);
  if (limit) body.push(`<line class="limit" x1="${x(limit.value)}" x2="${x(limit.value)}" y1="${TOP - 6}" y2="${y}"/>`,
    `<text class="value" x="${Number(x(limit.value)) - 4}" y="${TOP - 12}" text-anchor="end">${escaped(limit.label)}</text>`);
  const legend = series.length === 1 ? [] : series.map((name, index) =>
    `<rect x="${LEFT + index * 130}" y="34" width="11" height="11" fill="${SERIES[index]}"/>` +
    `<text x="${LEFT + index * 130 + 16}" y="44">${escaped(name)}</text>`);
  return [`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 24}" role="img" aria-label="${escaped(title)}">`,
    '<style>text{font:12px sans-serif;fill:#24292f}.title{font-weight:bold;font-size:14px}.value{font-size:10.5px}',
    '.grid line{stroke:#8c959f;stroke-opacity:.35}.limit{stroke:#cf3f3f;stroke-dasharray:5 3}',
    '@media (prefers-color-scheme:dark){text{fill:#d5dbe1}}</style>',
    `<text class="title" x="${LEFT}" y="20">${escaped(title)}, ${escaped(unit)}</text>`,
    ...legend, `<g class="grid">${grid.join('')}</g>`, ...body, '</svg>', ''].join('\n');
}
