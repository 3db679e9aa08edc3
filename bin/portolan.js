#!/usr/bin/env node
// A checkout runs its sources, an installed package has them compiled.
import { existsSync } from 'node:fs';

const source = new URL('../src/cli/main.ts', import.meta.url);
await import((existsSync(source) ? source : new URL('../dist/cli/main.js', import.meta.url)).href);
