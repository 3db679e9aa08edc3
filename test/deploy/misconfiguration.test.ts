import { spawnSync } from 'node:child_process';
import { copyFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describeWithPeer, requirePeer } from '../support/peers.ts';
import { temporaryFolder } from '../support/service.ts';

const root = resolve(import.meta.dirname, '../..');
const overlays = ['k8s/overlays/embedded', 'k8s/overlays/mongodb', 'k8s/registry', 'k8s/registry/record', 'k8s/overlays/registry-tls', 'k8s/overlays/registry-htpasswd-tls'];

/**
 * The container that hands the node's folder to the registry's user has to be root and to have the one capability that
 * takes: user, group and capabilities are what these findings are about. It is in each of three overlays once.
 */
const ACCEPTED = [
  "KSV020 Container 'own-folder' of Deployment 'registry' should set 'securityContext.runAsUser' > 10000",
  "KSV021 Container 'own-folder' of Deployment 'registry' should set 'securityContext.runAsGroup' > 10000",
  "KSV022 Container 'own-folder' of Deployment 'registry' should not set 'securityContext.capabilities.add'",
  'KSV105 securityContext.runAsUser should be set to a value greater than 0',
  'KSV106 container should not add stuff',
];

interface Finding {
  readonly ID: string;
  readonly Message: string;
}

interface Report {
  readonly Results: readonly { readonly Target: string; readonly MisconfSummary: { readonly Successes: number }; readonly Misconfigurations?: readonly Finding[] }[];
}

function scan(folder: string): Report {
  const { status, stdout, stderr } = spawnSync(
    join(requirePeer('trivy'), 'trivy'),
    // The checks that are built in: there is no network to get others from.
    ['config', '--skip-check-update', '--quiet', '--format', 'json', '--cache-dir', join(folder, '.cache'), folder],
    { encoding: 'utf8', timeout: 120_000, maxBuffer: 64 * 1024 * 1024 },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as Report;
}

describeWithPeer(['trivy', 'kubernetes'], 'trivy, on the Dockerfile and the manifests', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('finds nothing but what one container needs', async () => {
    await copyFile(join(root, 'Dockerfile'), join(folder, 'Dockerfile'));
    for (const overlay of overlays) {
      const { stdout } = spawnSync(join(requirePeer('kubernetes'), 'kubectl'), ['kustomize', overlay], { cwd: root, encoding: 'utf8', timeout: 20_000 });
      await writeFile(join(folder, `${overlay.replaceAll('/', '-')}.yaml`), stdout);
    }
    const { Results } = scan(folder);
    expect(Results.map(({ Target }) => Target).sort()).toEqual(['Dockerfile', ...overlays.map((overlay) => `${overlay.replaceAll('/', '-')}.yaml`)].sort());
    expect(Results.filter(({ MisconfSummary }) => MisconfSummary.Successes < 20)).toEqual([]);
    const found = Results.flatMap(({ Misconfigurations = [] }) => Misconfigurations.map(({ ID, Message }) => `${ID} ${Message}`));
    expect(found.sort()).toEqual(ACCEPTED.flatMap((finding) => [finding, finding, finding]));
  }, 240_000);

  it('would find a container that is root', async () => {
    await writeFile(join(folder, 'Dockerfile'), 'FROM node:latest\nCMD ["node"]\n');
    expect(scan(folder).Results.flatMap(({ Misconfigurations = [] }) => Misconfigurations.map(({ ID }) => ID))).toEqual(expect.arrayContaining(['DS001', 'DS002']));
  }, 150_000);
});
