import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { settings } from '../../../src/config/settings.ts';
import { StartError } from '../../../src/core/errors.ts';
import { secretKeysOf } from '../../../src/secrets/own-key.ts';
import { secretKeys } from '../../support/access.ts';
import { rememberingLog } from '../../support/remembering-log.ts';

const [given] = secretKeys;
let dataDir: string;
let path: string;
let log = rememberingLog();
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'portolan-key-'));
  path = join(dataDir, 'secret.key');
  log = rememberingLog();
});
afterEach(() => rmSync(dataDir, { recursive: true }));

describe('the key of the embedded store', () => {
  it('is made once, for the eyes of the service alone, and told in the log without being shown', () => {
    const [key = ''] = secretKeysOf({ secretKey: [], dataDir, log });
    expect(settings.secretKey.parse(key)).toEqual([key]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(log.lines).toMatchObject([{ level: 'info', fields: { path } }]);
    expect(JSON.stringify(log.lines)).not.toContain(key);
    expect(secretKeysOf({ secretKey: [], dataDir, log })).toEqual([key]);
    expect(log.lines).toHaveLength(1);
    expect(readdirSync(dataDir)).toEqual(['secret.key']);
  });

  it('is not made where SECRET_KEY is set', () => {
    expect(secretKeysOf({ secretKey: [given], dataDir, log })).toEqual([given]);
    expect(existsSync(path)).toBe(false);
  });

  it('still opens what it sealed when SECRET_KEY is set later', () => {
    const [own] = secretKeysOf({ secretKey: [], dataDir, log });
    expect(secretKeysOf({ secretKey: [given], dataDir, log })).toEqual([given, own]);
  });

  it.each(['', '\n', 'too short'])('abuse 42: a file that holds %j stops the start, and stays as it is', (text) => {
    writeFileSync(path, text);
    expect(() => secretKeysOf({ secretKey: [], dataDir, log })).toThrow(StartError);
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('is warned of when others may read it', () => {
    secretKeysOf({ secretKey: [], dataDir, log });
    chmodSync(path, 0o644);
    secretKeysOf({ secretKey: [], dataDir, log });
    expect(log.lines.at(-1)).toMatchObject({ level: 'warn', fields: { path } });
  });

  it('stops the start with a sentence when it cannot be made', () => {
    const make = (): unknown => secretKeysOf({ secretKey: [], dataDir: join(dataDir, 'absent'), log });
    expect(make).toThrow(StartError);
    expect(make).toThrow(/SECRET_KEY/);
  });
});

describe('a store that processes share', () => {
  it('is given no key by any one of them, and the log says what does not work', () => {
    expect(secretKeysOf({ secretKey: [], dataDir: null, log })).toEqual([]);
    expect(log.lines).toMatchObject([{ level: 'warn', message: expect.stringContaining('SECRET_KEY') }]);
    expect(secretKeysOf({ secretKey: [given], dataDir: null, log })).toEqual([given]);
  });
});
