// What the tests of the documents share: the blocks of a Markdown file, the commands in them, how an output that is
// shown is compared with one that was printed, and what the command line declares. docs/README.md tells writers.
import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';

// The fenced blocks of a Markdown text: {line, language, indent, lines, note}. `note` is what the HTML comment right
// above the block says, {key, value} of `<!-- key: value -->`.
export function blocks(text) {
  const found = [];
  const lines = text.split('\n');
  let open = null;
  for (let i = 0; i < lines.length; i++) {
    const fence = /^( *)```(\w*) *$/.exec(lines[i]);
    if (open && fence && fence[1] === open.indent) {
      found.push(open);
      open = null;
    } else if (open) open.lines.push(lines[i].startsWith(open.indent) ? lines[i].slice(open.indent.length) : lines[i]);
    else if (fence) {
      let above = i - 1;
      while (above >= 0 && lines[above].trim() === '') above--;
      const note = /^ *<!-- (run|check|file): (.*) -->$/.exec(lines[above] ?? '');
      open = { line: i + 1, language: fence[2], indent: fence[1], lines: [], note: note && { key: note[1], value: note[2] } };
    }
  }
  if (open) throw new Error(`line ${open.line}: a block that does not end`);
  return found;
}

// The commands of a console block: {line, command, output}. `$ ` begins one, or `# ` where root is meant; `> ` goes on
// with it, and what follows is its output. An output of no line is not compared.
export function commands(block) {
  const found = [];
  block.lines.forEach((text, i) => {
    const begun = /^\$ (.*)$/.exec(text);
    if (begun) found.push({ line: block.line + i + 1, command: begun[1], output: [] });
    else if (!found.length) throw new Error(`line ${block.line + i + 1}: output in front of the first command`);
    else if (/^> /.test(text) && !found.at(-1).output.length) found.at(-1).command += '\n' + text.slice(2);
    else found.at(-1).output.push(text);
  });
  for (const one of found) while (one.output.length && one.output.at(-1) === '') one.output.pop();
  return found;
}

// How a console block is to be run: {how, reason, code} of `<!-- run: demo -->`, `<!-- run: demo, exit 5 -->` or
// `<!-- run: no (why not) -->`.
export function running(block) {
  const said = block.note?.key === 'run' ? block.note.value : 'demo';
  const match = /^(demo|guide|no)(?: \((.+)\))?(?:, exit (\d+))?$/.exec(said);
  if (!match) throw new Error(`line ${block.line}: cannot read "run: ${said}"`);
  if (match[1] === 'no' && !match[2]) throw new Error(`line ${block.line}: "run: no" without a reason in brackets`);
  return { how: match[1], reason: match[2], code: Number(match[3] ?? 0) };
}

// Moves the times of October 2018 in a text: 2018-10-16T00:15 becomes `slot` (in ms), days by whole days. In the zone +08:00.
export function mover(slot) {
  const local = (ms) => new Date(ms + 8 * 3_600_000).toISOString();
  const shift = slot - Date.parse('2018-10-16T00:15:00+08:00');
  const days = Date.parse(`${local(slot).slice(0, 10)}T00:00:00Z`) - Date.parse('2018-10-16T00:00:00Z');
  return (text) => text
    .replace(/\b2018-10-\d\dT\d\d:\d\d\b/g, (time) => local(Date.parse(`${time}:00+08:00`) + shift).slice(0, 16))
    .replace(/\b2018-10-\d\d\b(?!T)/g, (date) => new Date(Date.parse(`${date}T00:00:00Z`) + days).toISOString().slice(0, 10));
}

// The actions of each RAM policy in a document.
export function policyActions(text) {
  return blocks(text).filter(({ language }) => language === 'json').map(({ lines }) => JSON.parse(lines.join('\n')))
    .filter(({ Statement }) => Statement).map(({ Statement }) => Statement.flatMap(({ Action }) => Action));
}

const literal = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

// A line as it is compared: blanks count once, numbers, the versions of definitions and the width of rulers not at all.
const level = (line) => line.trimEnd().replace(/\b[0-9a-f]{12}\b/g, '0').replace(/\d+(?:,\d{3})*(?:\.\d+)?/g, '0').replace(/[─-]{3,}/g, '---').replace(/\s+/g, ' ');

// Whether `printed` is what `shown` promises. `...` (or `…`) stands for anything within a line, and for any lines where
// it is one. Returns nothing, or the first line that was not found.
export function differs(shown, printed) {
  const patterns = shown.map((line) => /^\s*(\.\.\.|…)$/.test(line) ? '(?:.*\n)*?' :
    level(line).split(/\.\.\.|…/).map(literal).join('.*') + '\n');
  const text = printed.split('\n').map(level).join('\n').replace(/\n*$/, '\n');
  if (new RegExp(`^${patterns.join('')}$`).test(text)) return null;
  let keep = shown.length - 1;
  while (keep > 0 && !new RegExp(`^${patterns.slice(0, keep).join('')}`).test(text)) keep--;
  return shown[keep];
}

// What `sluice COMMAND --help` declares: {commands, options: Map of name -> {value, among}, places}; `places` is how many
// words may stand alone, Infinity for a list.
const declared = new Map();
export function declaration(program, words) {
  const key = words.join(' ');
  if (!declared.has(key)) {
    const help = spawnSync(program, [...words, '--help'], { encoding: 'utf8' }).stdout;
    const part = { Subcommands: [], Options: [], Positionals: [] };
    let name = '';
    for (const line of help.split('\n')) {
      if (/^\w+:$/.test(line)) name = line.slice(0, -1);
      else if (/^  \S/.test(line)) part[name]?.push(line.trim());
    }
    const options = new Map();
    for (const line of part.Options) {
      const [, names, rest] = /^(\S+)(.*)$/.exec(line);
      const value = /^ (?!Excludes)([A-Z][^ :]*)(?::\{([^}]*)\})?/.exec(rest);
      for (const one of names.split(',')) options.set(one, { value: Boolean(value), among: value?.[2]?.split(',') });
    }
    const places = part.Positionals.reduce((sum, line) => sum + (/^\S+ (\w+ )?\.\.\./.test(line) ? Infinity : 1), 0);
    declared.set(key, { commands: part.Subcommands.map((line) => line.split(' ')[0]), options, places });
  }
  return declared.get(key);
}

// A command that the list of them leaves out.
function hidden(program, word) {
  return /^[a-z]+$/.test(word) && spawnSync(program, [word, '--help'], { encoding: 'utf8' }).stdout.includes(`\nUsage: sluice ${word} `);
}

// What is wrong with the words after `sluice`, or null. Capital letters stand for values.
export function misused(program, words) {
  let at = declaration(program, []);
  const path = [];
  let places = 0;
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (/^--?[a-z]/.test(word)) {
      const [name, given] = word.split('=', 2);
      const option = at.options.get(name);
      if (!option) return `sluice ${path.join(' ')} has no option ${name}`;
      if (!option.value) continue;
      const value = given ?? words[++i];
      if (value === undefined) return `${name} without a value`;
      if (option.among && !/^[A-Z]/.test(value) && !value.split('|').every((one) => option.among.includes(one)))
        return `${name} is none of ${option.among}: ${value}`;
    } else if (at.commands.includes(word) || (!path.length && hidden(program, word))) {
      path.push(word);
      at = declaration(program, path);
    } else if (!path.length) {
      if (word !== 'COMMAND') return `sluice has no command ${word}`;
    } else if (++places > at.places) return `sluice ${path.join(' ')} takes no ${word}`;
  }
  return null;
}

// The words of each `sluice ...` in a shell command: cut at pipes, `;`, `&&`, redirections and comments, quotes taken off.
export function calls(command) {
  const found = [];
  for (const part of command.replace(/\\\n/g, ' ').split(/\n|\|\|?|&&?|;/)) {
    const words = (part.match(/'[^']*'|"[^"]*"|\S+/g) ?? []).map((word) => word.replace(/^(['"])(.*)\1$/, '$2'));
    const cut = words.findIndex((word) => /^(#|\d?>)/.test(word));
    const said = cut < 0 ? words : words.slice(0, cut);
    const from = said.indexOf('sluice');
    if (from >= 0 && !/^(-u|-g|-aG|id|install)$/.test(said[from - 1] ?? '')) found.push(said.slice(from + 1));
    else if (from >= 0 && said.indexOf('sluice', from + 1) > 0) found.push(said.slice(said.indexOf('sluice', from + 1) + 1));
  }
  return found;
}

// Each `sluice ...` between backticks of a text outside of blocks, alternatives (`a|b`) one by one: {line, words}.
export function inlineCalls(text) {
  const found = [];
  let inside = false;
  text.split('\n').forEach((line, i) => {
    if (/^ *```/.test(line)) inside = !inside;
    else if (!inside) {
      for (const [, said] of line.matchAll(/`sluice ((?:[^`])+)`/g)) {
        const words = said.replace(/"[^"]*"/g, 'TEXT').replace(/[[\]…]|\.\.\./g, ' ').trim().split(/\s+/).filter(Boolean);
        for (const first of words[0]?.split('|') ?? []) found.push({ line: i + 1, words: [first, ...words.slice(1)] });
      }
    }
  });
  return found;
}

export const read = (path) => readFileSync(path, 'utf8');
