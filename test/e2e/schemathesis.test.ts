import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWithPeer, findPeer } from '../support/peers.ts';
import { call, newRecord } from '../support/requests.ts';
import { spawnService, temporaryFolder } from '../support/service.ts';

/** Not `positive_data_acceptance`: what makes a URL, a sort or a cursor valid is more than a schema can say. */
const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'unsupported_method',
  'allow_header_conformance',
];

/** Without blocking this process, which would then not notice that the service closes its idle connections. */
function run(program: string, args: readonly string[], cwd: string): Promise<{ status: unknown; output: string }> {
  const options = { cwd, timeout: 300_000, env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' } };
  return new Promise((resolve) => {
    execFile(program, [...args], options, (error, stdout, stderr) => resolve({ status: error === null ? 0 : error.code, output: `${stdout}${stderr}` }));
  });
}

describeWithPeer('schemathesis', 'schemathesis', () => {
  it('finds no answer that /openapi.json does not describe, and no 500', async () => {
    const folder = await temporaryFolder();
    const service = await spawnService({ DATA_DIR: folder, RATE_LIMIT_PER_MINUTE: '0', PROBE_ALLOW_CIDRS: '' });
    try {
      for (const id of ['0', 'known']) await call(service.url, 'POST', '/container_registry', { body: newRecord(id) });
      const options = ['--phases=examples,coverage,fuzzing', `--checks=${checks.join(',')}`, '--max-examples=25', '--seed=7', '--no-shrink', '--continue-on-failure'];
      const kept = ['--generation-database=none', '--request-timeout=20', '--warnings=off', '--no-color'];
      const { status, output } = await run(
        join(findPeer('schemathesis') ?? '', 'bin/python'),
        ['-m', 'schemathesis.cli', 'run', `${service.url}/openapi.json`, ...options, ...kept],
        folder,
      );
      // The report comes first: when something is found, it says what.
      expect(output).toMatch(/No issues found/);
      expect(status).toBe(0);
      expect((await call(service.url, 'GET', '/health')).status).toBe(200);
      expect(service.output()).not.toContain('request failed');
    } finally {
      await service.stop();
      await rm(folder, { recursive: true, force: true });
    }
  }, 330_000);
});
