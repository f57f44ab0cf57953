// Imported before the support of the end-to-end tests, which reads these two: benchmarks measure the release build.
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
process.env.SLUICE ??= join(root, 'build/release/sluice');
process.env.SLUICE_SANDBOX ??= join(root, 'build/release/tests/sandbox/sluice-sandbox');
