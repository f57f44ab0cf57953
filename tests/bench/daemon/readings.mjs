// What /proc tells of a process and of the machine, and figures of many readings.
import { readFileSync, readdirSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { cpuOf as cpuTimesOf } from '../sandboxes.mjs';

const lines = (path) => Object.fromEntries(readFileSync(path, 'utf8').split('\n').filter(Boolean)
  .map((line) => line.split(/:\s+/)));

// CPU seconds of all threads that live, to the microsecond, and the number of times that they went to sleep.
export function threadsOf(pid) {
  let cpu = 0;
  let sleeps = 0;
  const threads = {};
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const status = lines(`/proc/${pid}/task/${task}/status`);
    const used = Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]) / 1e9;
    const slept = Number(status.voluntary_ctxt_switches);
    cpu += used;
    sleeps += slept;
    threads[task] = { name: status.Name, cpu: used, sleeps: slept };
  }
  return { cpu, sleeps, threads };
}

// CPU seconds of the process, ended threads included; in steps of 10 ms.
export function cpuOf(pid) {
  const { user, sys } = cpuTimesOf(pid);
  return user + sys;
}

// CPU seconds of this process's children that have ended and been waited for.
export function endedChildrenCpu() {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ');
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

// Resident memory in MB (10^6 bytes): all of it, the highest so far, and what is not pages of files.
export function memoryOf(pid) {
  const status = lines(`/proc/${pid}/status`);
  const mb = (key) => parseInt(status[key], 10) * 1024 / 1e6;
  return { resident: mb('VmRSS'), peak: mb('VmHWM'), anonymous: mb('RssAnon') };
}

// Bytes that the process has caused to be written to disks.
export const writtenBy = (pid) => Number(lines(`/proc/${pid}/io`).write_bytes);

export function machine() {
  return { cpu: cpus()[0].model.trim(), cores: cpus().length, memory_mb: Math.round(totalmem() / 1e6), kernel: release(),
    node: process.version };
}

export const load = () => loadavg()[0];

// The value below which the share of the sorted values lies (nearest rank).
export function quantile(sorted, share) {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return { count: sorted.length, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max: sorted.at(-1) };
}

// Adds one figure to `results`. With a target it is met where the value is at most that.
export function note(results, what, value, unit, target) {
  const entry = { what, value, unit };
  if (target !== undefined) Object.assign(entry, { target, met: value <= target });
  results.push(entry);
  const verdict = target === undefined ? '' : `  target ${target}: ${entry.met ? 'met' : 'NOT met'}`;
  console.error(`  ${what}: ${shown(value)} ${unit}${verdict}`);
}

export function noteSpread(results, what, values, unit, { p99, max } = {}) {
  const found = spread(values);
  note(results, `${what}, p50`, found.p50, unit);
  note(results, `${what}, p99`, found.p99, unit, p99);
  note(results, `${what}, most`, found.max, unit, max);
}

export function shown(value) {
  if (Number.isInteger(value)) return String(value);
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : value >= 0.1 ? 2 : 4);
}
