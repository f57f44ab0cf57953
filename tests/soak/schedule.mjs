// What goes wrong, in which order: all of it follows from the seed.

import { random } from '../e2e/support.mjs';

export const between = (next, low, high) => low + next() * (high - low);
export const whole = (next, low, high) => Math.floor(between(next, low, high + 1));
export const oneOf = (next, list) => list[Math.floor(next() * list.length)];

export function shuffled(next, list) {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [out[i], out[j]] = [out[j], out[i]];
  }
  return out;
}

// Rounds without end: each has every kind as often as its weight, in random order; now and then a kind comes together
// with one of another group. `kinds`: {name: {group, weight, alone}}.
export function* rounds(seed, kinds) {
  const next = random(seed);
  const bag = Object.entries(kinds).flatMap(([name, { weight = 1 }]) => Array(weight).fill(name));
  for (;;) {
    for (const name of shuffled(next, bag)) {
      const strangers = Object.keys(kinds).filter((other) => kinds[other].group !== kinds[name].group && !kinds[other].alone);
      const together = !kinds[name].alone && strangers.length > 0 && next() < 0.3 ? [name, oneOf(next, strangers)] : [name];
      yield { names: together, next, pause: between(next, 0.2, 3) };
    }
  }
}
