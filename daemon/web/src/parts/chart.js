// A curve over time, drawn by uPlot on a canvas. What it shows is also said in words.
import { html } from 'htm/preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { clockOf, dayOf, momentOf } from '../format.js';
import { shownTheme, t } from '../settings.js';

const HEIGHT = 150;
// Steps of an axis of durations, in seconds.
const TIME_STEPS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 10800,
  21600, 43200, 86400, 172800, 604800];
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const font = '11px system-ui, sans-serif';

function optionsOf({ width, height, zone, name, format, bars, sync, isTime }) {
  const axis = { stroke: colour('--faint'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false }, font };
  return {
    width, height, tzDate: (time) => uPlot.tzDate(new Date(time * 1000), zone), padding: [8, 8, 0, 0],
    cursor: { sync: sync ? { key: sync } : undefined, points: { size: 6 }, drag: { x: false, y: false } },
    legend: { live: true, markers: { show: false } },
    scales: { y: { range: (plot, least, most) => [0, most > 0 ? most * 1.1 : 1] } },
    axes: [
      { ...axis, size: 26, values: (plot, ticks) => ticks.map((tick) => (ticks[ticks.length - 1] - ticks[0] > 2 * 86400
        ? dayOf(tick * 1000, zone).slice(5) : clockOf(tick * 1000, zone))) },
      { ...axis, size: isTime ? 84 : 62, ...(isTime ? { incrs: TIME_STEPS } : {}), values: (plot, ticks) => ticks.map(format) },
    ],
    series: [
      { label: t('slot'), value: (plot, time) => (time ? momentOf(time * 1000, zone) : '–') },
      { label: name, stroke: colour('--chart'), fill: colour('--chart-fill'), width: 1.5, points: { show: false },
        paths: bars ? uPlot.paths.bars({ size: [0.8, 24, 1] }) : undefined,
        value: (plot, value) => (value === null || value === undefined ? '–' : format(value)) },
    ],
  };
}

// `times` in seconds, `values` with null where there is none; `format` writes a value.
export function Chart({ times, values, zone, name, format, bars, sync, isTime, height = HEIGHT }) {
  const holder = useRef(null);
  const plot = useRef(null);
  const theme = shownTheme();
  useEffect(() => {
    const width = () => Math.max(holder.current.clientWidth, 200);
    plot.current = new uPlot(optionsOf({ width: width(), height, zone, name, format, bars, sync, isTime }), [times, values], holder.current);
    const observer = new ResizeObserver(() => plot.current.setSize({ width: width(), height }));
    observer.observe(holder.current);
    return () => {
      observer.disconnect();
      plot.current.destroy();
    };
  }, [theme, zone, name]);
  useEffect(() => { plot.current.setData([times, values]); }, [times, values]);
  const known = values.filter((value) => value !== null);
  const label = known.length === 0 ? `${name}: ${t('none')}`
    : `${name}: ${t('curve', { n: known.length, least: format(Math.min(...known)), most: format(Math.max(...known)), last: format(known[known.length - 1]) })}`;
  return html`<div class="chart" role="img" aria-label=${label}><div ref=${holder} aria-hidden="true"></div></div>`;
}
