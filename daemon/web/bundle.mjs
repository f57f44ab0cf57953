// node bundle.mjs FOLDER: makes FOLDER/dist from src and the libraries in FOLDER/node_modules. The same input gives
// the same bytes: no time, no path and no source map goes into them.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = join(dirname(fileURLToPath(import.meta.url)), 'src');
const folder = resolve(process.argv[2]);
const modules = join(folder, 'node_modules');
const dist = join(folder, 'dist');
const { buildSync } = createRequire(join(folder, 'package.json'))('esbuild');

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
for (const [input, output] of [['main.js', 'app.js'], ['style.css', 'style.css']]) {
  buildSync({
    entryPoints: [join(source, input)], outfile: join(dist, output), absWorkingDir: source, nodePaths: [modules],
    bundle: true, minify: true, format: 'esm', target: 'es2022', charset: 'utf8', legalComments: 'none',
    logLevel: 'warning',
  });
}
for (const name of ['index.html', 'icon.svg']) copyFileSync(join(source, name), join(dist, name));

const licences = ['preact', 'htm', 'uplot'].map((name) => {
  const { version, license } = JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8'));
  return `${name} ${version} (${license})\n\n${readFileSync(join(modules, name, 'LICENSE'), 'utf8').trim()}\n`;
});
writeFileSync(join(dist, 'licenses.txt'), licences.join('\n----\n\n'));
