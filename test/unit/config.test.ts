import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/load.ts';
import { settings } from '../../src/config/settings.ts';
import { StartError } from '../../src/core/errors.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portolan-config-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileWith(text: string): Promise<string> {
  const path = join(folder, `${Math.random().toString(36).slice(2)}.env`);
  await writeFile(path, text);
  return path;
}

function complaintAbout(variables: Record<string, string>): string {
  try {
    loadConfig(variables);
  } catch (error) {
    if (error instanceof StartError) return error.message;
    throw error;
  }
  throw new Error('The configuration was accepted.');
}

describe('the configuration', () => {
  it('is that of the documentation when nothing is set', () => {
    expect(loadConfig({})).toEqual({
      host: '127.0.0.1',
      port: 8000,
      dataDir: './data',
      mongoUrl: '',
      mongoDatabase: 'assets',
      tlsCertFile: '',
      tlsKeyFile: '',
      auth: 'auto',
      adminPassword: '',
      secretKey: [],
      anonymousRead: false,
      metricsPublic: false,
      allowHttp: false,
      rateLimitPerMinute: 12_000,
      streamsPerPrincipalMax: 16,
      recordsPerOwnerMax: 10_000,
      auditRetentionDays: 400,
      trustProxy: 0,
      corsOrigins: [],
      probeAllowCidrs: [],
      probeDenyCidrs: [],
      logLevel: 'info',
      logFormat: 'auto',
      drainDelayS: 0,
      drainTimeoutS: 20,
      roles: ['api', 'prober'],
      vantage: 'default',
      extraCaFile: '',
      metricsRegistriesMax: 2_000,
    });
  });

  it.each([
    ['VANTAGE', 'Edge 7', 'lower-case letters'],
    ['VANTAGE', '-edge', 'lower-case letters'],
    ['ROLES', 'api,gardener', 'one of api, prober'],
    ['ROLES', ' , ', 'one or more of'],
    ['METRICS_REGISTRIES_MAX', '-1', 'whole number'],
  ])('refuses %s=%s and says what it wants', (variable, text, wanted) => {
    expect(() => loadConfig({ [variable]: text })).toThrow(wanted);
  });

  it('cannot be changed once it is read', () => {
    expect(Object.isFrozen(loadConfig({}))).toBe(true);
  });

  it('comes from the environment first, then from the file, then from the defaults', async () => {
    const file = await fileWith('# a comment\nPORT=9000\nMONGO_DATABASE="catalog"\n');
    expect(loadConfig({ CONFIG_FILE: file, PORT: '9001' })).toMatchObject({ port: 9001, mongoDatabase: 'catalog', host: '127.0.0.1' });
  });

  it('does not mind variables of the environment that are not its own', () => {
    expect(() => loadConfig({ PATH: '/usr/bin', LANG: 'C' })).not.toThrow();
  });

  it.each([
    ['PORT', 'abc'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['PORT', ' 80'],
    ['AUTH', 'maybe'],
    ['ANONYMOUS_READ', 'yes'],
    ['METRICS_PUBLIC', '1'],
    ['ALLOW_HTTP', 'TRUE'],
    ['STREAMS_PER_PRINCIPAL_MAX', '0'],
    ['RECORDS_PER_OWNER_MAX', '0'],
    ['AUDIT_RETENTION_DAYS', '-1'],
    ['LOG_LEVEL', 'verbose'],
    ['LOG_FORMAT', 'xml'],
    ['RATE_LIMIT_PER_MINUTE', 'many'],
    ['DRAIN_TIMEOUT_S', '601'],
    ['TRUST_PROXY', 'all'],
    ['CORS_ORIGINS', 'console.example.com'],
    ['CORS_ORIGINS', 'https://console.example.com/path'],
    ['PROBE_ALLOW_CIDRS', '10.0.0.0/33'],
    ['PROBE_DENY_CIDRS', 'example.com'],
    ['MONGO_URL', 'http://127.0.0.1'],
  ])('refuses %s=%s and names the setting', (variable, value) => {
    expect(complaintAbout({ [variable]: value })).toMatch(new RegExp(`^The configuration is not valid\\. ${variable}: .+ is not valid: .+\\.$`));
  });

  it('takes what its settings say that it takes', () => {
    const config = loadConfig({
      TRUST_PROXY: '10.0.0.0/8, 192.0.2.1',
      CORS_ORIGINS: 'https://console.example.com, http://localhost:3000',
      PROBE_ALLOW_CIDRS: '10.0.0.0/8,fd12::/16',
      MONGO_URL: 'mongodb+srv://cluster.example.com',
    });
    expect(config.trustProxy).toEqual(['10.0.0.0/8', '192.0.2.1']);
    expect(config.corsOrigins).toEqual(['https://console.example.com', 'http://localhost:3000']);
    expect(config.probeAllowCidrs.map(({ text }) => text)).toEqual(['10.0.0.0/8', 'fd12::/16']);
    expect(loadConfig({ CORS_ORIGINS: '*' }).corsOrigins).toEqual(['*']);
  });

  it('names every mistake at once', () => {
    expect(complaintAbout({ PORT: 'abc', AUTH: 'maybe' })).toMatch(/PORT.*AUTH/);
  });

  it('refuses a misspelt name in its own file', async () => {
    const file = await fileWith('PROT=9000\n');
    expect(complaintAbout({ CONFIG_FILE: file })).toContain(`${file}: there is no setting PROT.`);
  });

  it('says when its file cannot be read', () => {
    expect(complaintAbout({ CONFIG_FILE: join(folder, 'absent.env') })).toMatch(/CONFIG_FILE: cannot read/);
  });
});

describe('secrets', () => {
  it('may stand in a file of their own', async () => {
    const file = await fileWith('mongodb://db.example.com\n');
    expect(loadConfig({ MONGO_URL_FILE: file }).mongoUrl).toBe('mongodb://db.example.com');
    expect(complaintAbout({ MONGO_URL_FILE: join(folder, 'absent') })).toMatch(/MONGO_URL_FILE: cannot read/);
  });

  it('are never shown, not even when they are wrong', () => {
    expect(complaintAbout({ MONGO_URL: 'http://user:hunter2@db' })).not.toContain('hunter2');
    expect(complaintAbout({ SECRET_KEY: 'hunter2' })).not.toContain('hunter2');
    expect(complaintAbout({ ADMIN_PASSWORD: 'hunter2' })).not.toContain('hunter2');
  });

  const [one, other] = ['0Lq8xk2vYB7dTnR4mWc6Zs1pJf9HgEaU', 'Vt5bNw3QyKe8Xo1rCi7Md4Pz6AhGj2Ls'];

  it.each([
    ['a short key', 'changeme'],
    ['31 characters', one.slice(1)],
    ['one character, often', 'x'.repeat(64)],
    ['a few characters, often', 'abcabc'.repeat(10)],
    ['a good key beside a short one', `${one},changeme`],
    ['a good key beside a weak one', `${one}\n${'0'.repeat(32)}`],
  ])('abuse 42: that can be guessed stop the start: %s', (_, keys) => {
    expect(complaintAbout({ SECRET_KEY: keys })).toMatch(/^The configuration is not valid\. SECRET_KEY: its value is not valid: .+openssl rand/);
  });

  it.each(['admin', 'changeme', '123456789'])('abuse 42: that are short stop the start: ADMIN_PASSWORD=%s', (password) => {
    expect(complaintAbout({ ADMIN_PASSWORD: password })).toMatch(/ADMIN_PASSWORD: its value is not valid: expected at least 10 characters/);
  });

  it('may be several keys, in a line or each in its own, the one that seals first', async () => {
    expect(loadConfig({ SECRET_KEY: ` ${one} , ${other} ` }).secretKey).toEqual([one, other]);
    expect(loadConfig({ SECRET_KEY_FILE: await fileWith(`${one}\n\n${other}\n`) }).secretKey).toEqual([one, other]);
    expect(loadConfig({ SECRET_KEY: '' }).secretKey).toEqual([]);
  });

  it('may be a password as it is, in a file', async () => {
    expect(loadConfig({ ADMIN_PASSWORD_FILE: await fileWith('correct horse, battery\n') }).adminPassword).toBe('correct horse, battery');
  });
});

describe('the table of settings', () => {
  it('has a default that each setting accepts, a description that is a sentence, and no name twice', () => {
    const all = Object.values(settings);
    for (const setting of all) {
      expect(() => setting.parse(setting.defaultText)).not.toThrow();
      expect(setting.variable).toMatch(/^[A-Z][A-Z_]+$/);
      expect(setting.description).not.toMatch(/[|\n]/);
    }
    expect(new Set(all.map(({ variable }) => variable)).size).toBe(all.length);
  });
});
