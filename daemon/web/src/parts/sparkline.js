// A curve the size of a word. It repeats what stands beside it, so screen readers pass it by.
import { html } from 'htm/preact';

const WIDTH = 160;
const HEIGHT = 30;

export function Sparkline({ values }) {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return null;
  const most = Math.max(...known) || 1;
  const step = WIDTH / (values.length - 1);
  const points = values.map((value, n) => (value === null ? null
    : `${(n * step).toFixed(1)},${(HEIGHT - 2 - (value / most) * (HEIGHT - 4)).toFixed(1)}`)).filter((point) => point !== null);
  return html`<svg class="sparkline" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} width=${WIDTH} height=${HEIGHT} aria-hidden="true">
    <polyline points=${points.join(' ')} /></svg>`;
}
