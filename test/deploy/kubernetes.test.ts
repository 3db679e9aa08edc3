import { readFileSync } from 'node:fs';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { loadConfig } from '../../src/config/load.ts';
import { limits } from '../../src/core/limits.ts';
import { clusterPeers, startCluster, type Answer, type Cluster } from '../support/kubernetes.ts';
import { containersOf, podOf, variablesOf, type Container, type Deployment, type Manifest } from '../support/manifests.ts';
import { describeWithPeer } from '../support/peers.ts';
import { startService, temporaryFolder } from '../support/service.ts';
import { until } from '../support/until.ts';

const root = resolve(import.meta.dirname, '../..');
const companions = ['k8s/registry', 'k8s/overlays/registry-tls', 'k8s/overlays/registry-htpasswd-tls'];
const installations = ['k8s/overlays/embedded', 'k8s/overlays/mongodb'];

const page = readFileSync(join(root, 'docs/kubernetes.md'), 'utf8');

/** The blocks of a language under a heading of docs/kubernetes.md. */
const blocks = (heading: string, language: string): string[] => {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(new RegExp(`^\\x60{3}${language}\\n([\\s\\S]*?)^\\x60{3}$`, 'gm'))].map(([, text = '']) => text);
};

/** A node's folder for the claims of a cluster that has no storage class. */
const volume = JSON.stringify({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'of-the-node' },
  spec: { capacity: { storage: '10Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/var/lib/portolan' } },
});

describeWithPeer(clusterPeers, 'the manifests, on a Kubernetes control plane', () => {
  let cluster: Cluster;
  let folder: string;
  beforeAll(async () => {
    folder = await temporaryFolder();
    cluster = await startCluster();
  }, 180_000);
  afterAll(async () => {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const kubectl = (...args: string[]): Answer => cluster.kubectl(args, { cwd: root });
  const must = (...args: string[]): string => {
    const { status, stdout, stderr } = kubectl(...args);
    expect({ args, status, stderr }).toEqual({ args, status: 0, stderr: '' });
    return stdout;
  };
  /** What a folder's manifests are once they are put together, as the server would keep them. */
  const rendered = (path: string): Manifest[] => {
    const { status, stdout, stderr } = cluster.kubectl(['create', '--dry-run=client', '--validate=false', '-f', '-', '-o', 'json'], { input: must('kustomize', path) });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const parsed = JSON.parse(`[${stdout.replaceAll('}\n{', '},{')}]`) as (Manifest & { items?: Manifest[] })[];
    return parsed.flatMap((each) => each.items ?? [each]);
  };
  const deploymentOf = (path: string): Deployment => rendered(path).find(({ kind }) => kind === 'Deployment') as Deployment;
  const available = (namespace: string, name: string): string => must('wait', '-n', namespace, '--for=condition=Available', `deployment/${name}`, '--timeout=60s');
  const pods = (namespace: string): { spec: { nodeName: string } }[] => (cluster.get('pods', '-n', namespace) as { items: { spec: { nodeName: string } }[] }).items;

  /** How the service understands what its container is given. A file of settings may name none that there is not. */
  const configOf = async (manifests: readonly Manifest[]): Promise<ReturnType<typeof loadConfig>> => {
    const [container] = containersOf(manifests.find(({ kind }) => kind === 'Deployment') as Deployment);
    const variables = { ...manifests.find(({ kind }) => kind === 'ConfigMap')?.data, ...(container === undefined ? {} : variablesOf(container)) };
    const [file, secret] = [join(folder, 'settings.env'), join(folder, 'secret')];
    await writeFile(secret, '0123456789abcdef'.repeat(3));
    await writeFile(`${secret}-url`, 'mongodb://mongo.example.com');
    const here = (name: string, value: string): string => (name.endsWith('_FILE') && value.startsWith('/run/secrets/portolan/') ? `${secret}${name.startsWith('MONGO_URL') ? '-url' : ''}` : value);
    await writeFile(file, Object.entries(variables).map(([name, value]) => `${name}=${here(name, value)}\n`).join(''));
    return loadConfig({ CONFIG_FILE: file });
  };

  /** Runs lines of the page where it says to. */
  const walk = (lines: string): string => {
    const { status, stdout, stderr } = cluster.shell(lines, root);
    expect({ lines, status, stderr }).toEqual({ lines, status: 0, stderr: '' });
    return stdout;
  };

  describe('held to the server’s own schemas', () => {
    beforeAll(() => {
      for (const namespace of ['registry', 'portolan']) must('create', 'namespace', namespace);
      must('label', 'namespace', 'portolan', 'pod-security.kubernetes.io/enforce=restricted', 'pod-security.kubernetes.io/warn=restricted');
    });
    afterAll(() => {
      must('delete', 'namespace', 'registry', 'portolan');
    }, 150_000);
    const dryRun = (path: string): Answer => cluster.kubectl(['create', '-f', '-', '--dry-run=server', '--validate=strict'], { input: withoutNamespace(must('kustomize', path)) });

    it.each([...companions, ...installations, 'k8s/registry/record'])('%s is accepted without a warning', (path) => {
      expect(dryRun(path)).toMatchObject({ status: 0, stderr: '' });
    });

    it.each(installations)('%s is accepted in an overlay of somebody’s own, with all its options', async (path) => {
      const [yaml = ''] = blocks('An overlay of your own', 'yaml');
      await mkdir(join(folder, 'mine'), { recursive: true });
      // Beside a checkout, as the page says.
      await symlink(root, join(folder, 'portolan')).catch(() => undefined);
      await writeFile(join(folder, 'mine/kustomization.yaml'), yaml.replace('k8s/overlays/mongodb', path));
      const own = join(folder, 'mine');
      expect(dryRun(own)).toMatchObject({ status: 0, stderr: '' });
      const all = rendered(own);
      expect(containersOf(all.find(({ kind }) => kind === 'Deployment') as Deployment)).toMatchObject([{ image: 'registry.example.com/platform/portolan:0.1.0', startupProbe: { httpGet: { scheme: 'HTTPS' } } }]);
      expect(all.find(({ kind }) => kind === 'ConfigMap')?.data).toEqual({ DRAIN_TIMEOUT_S: '60', VANTAGE: 'cluster-7', ...(path.endsWith('mongodb') ? { DRAIN_DELAY_S: '10' } : {}) });
      expect(all.filter(({ kind }) => kind === 'ServiceMonitor')).toHaveLength(1);
      expect(await configOf(all)).toMatchObject({ vantage: 'cluster-7', tlsCertFile: expect.stringContaining('tls.crt') as string });
    });

    it('a misspelt field would not be', () => {
      const { status, stderr } = cluster.kubectl(['create', '-f', '-', '--dry-run=server', '--validate=strict'], {
        input: withoutNamespace(must('kustomize', 'k8s/overlays/embedded')).replace('replicas:', 'replicaz:'),
      });
      expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('unknown field "spec.replicaz"') as string });
    });
  });

  describe('the companion registry', () => {
    const [five = '', record = ''] = blocks('A companion registry', 'sh');

    it('comes up by the five lines, on port 32633 of the nodes', () => {
      expect(five).toBe('cd k8s/registry\nkubectl create ns registry\nkubectl create -f pv.yaml\nkubectl create -f pvc.yaml\nkubectl create -f deployment.yaml\nkubectl create -f svc.yaml\n');
      walk(five);
      available('registry', 'registry');
      expect(cluster.get('service/registry', '-n', 'registry')).toMatchObject({ spec: { type: 'NodePort', ports: [{ port: 5000, nodePort: 32633 }] } });
      expect(cluster.get('persistentvolumeclaim/registry', '-n', 'registry')).toMatchObject({ status: { phase: 'Bound' } });
      expect(containersOf(cluster.get('deployment/registry', '-n', 'registry') as Deployment)).toMatchObject([
        { image: 'registry:2', startupProbe: { httpGet: { path: '/v2/' } }, readinessProbe: { httpGet: { path: '/v2/' } }, livenessProbe: { httpGet: { path: '/v2/' } } },
      ]);
    }, 150_000);

    it('adds its record by a Job that ends', () => {
      walk(record);
    }, 150_000);

    it.each(companions.slice(1))('is changed into %s without being made anew', (path) => {
      // `create` left no trace of what it wrote, so that `apply` says that it begins to.
      expect(kubectl('apply', '-k', path).status).toBe(0);
      must('rollout', 'status', '-n', 'registry', 'deployment/registry', '--timeout=60s');
    }, 150_000);
  });

  describe('the embedded installation', () => {
    afterAll(() => {
      must('delete', '-k', 'k8s/overlays/embedded');
    }, 150_000);

    it('comes up with one replica on its volume, and tells the password', () => {
      expect(cluster.kubectl(['create', '-f', '-'], { input: volume })).toMatchObject({ status: 0 });
      const [install = '', password = ''] = blocks('With the embedded store', 'sh');
      walk(install);
      expect(pods('portolan')).toHaveLength(1);
      expect(walk(password).trim()).toMatch(/^[\w+/]{32}$/);
    }, 150_000);

    it('has a namespace that takes no pod with more rights', () => {
      const answer = kubectl('run', 'rooted', '-n', 'portolan', '--image=registry:2');
      expect(answer).toMatchObject({ status: 1, stderr: expect.stringContaining('violates PodSecurity "restricted') as string });
    });
  });

  describe('the installation over MongoDB', () => {
    it('comes up with three replicas on three nodes, of which one at a time may go', async () => {
      walk(blocks('Over MongoDB', 'sh').join(''));
      await until(() => (cluster.get('deployment/portolan', '-n', 'portolan') as Deployment).status?.availableReplicas === 3, 90_000);
      expect(new Set(pods('portolan').map(({ spec }) => spec.nodeName)).size).toBe(3);
      await until(() => (cluster.get('pdb/portolan', '-n', 'portolan') as { status: { currentHealthy: number } }).status.currentHealthy === 3, 30_000);
      expect(cluster.get('pdb/portolan', '-n', 'portolan')).toMatchObject({ status: { disruptionsAllowed: 1, desiredHealthy: 2 } });
    }, 180_000);
  });

  describe('what they say', () => {
    it.each([...companions, ...installations])('%s brings no Secret', (path) => {
      expect(rendered(path).filter(({ kind }) => kind === 'Secret')).toEqual([]);
    });

    it.each(installations)('%s lets the longest request end before it is killed', (path) => {
      const settings = rendered(path).find(({ kind }) => kind === 'ConfigMap')?.data ?? {};
      const pod = podOf(deploymentOf(path));
      const drainS = Number(settings['DRAIN_TIMEOUT_S']);
      const delayS = Number(settings['DRAIN_DELAY_S'] ?? 0);
      // Whoever has somebody to take over waits until nobody sends requests any more.
      expect(delayS > 0).toBe(path.endsWith('mongodb'));
      expect(drainS * 1000).toBeGreaterThanOrEqual(Math.max(limits.requestTimeoutMs, limits.idleSocketTimeoutMs));
      expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(delayS + drainS + 10);
    });

    it.each(installations)('%s gives settings that there are', async (path) => {
      const { drainTimeoutS, secretKey, mongoUrl } = await configOf(rendered(path));
      expect([drainTimeoutS, secretKey.length > 0, mongoUrl !== '']).toEqual([60, true, path.endsWith('mongodb')]);
    });

    it.each(installations)('%s asks for what the service answers', async (path) => {
      const service = await startService();
      try {
        for (const { path: asked } of probesOf(containersOf(deploymentOf(path)))) expect([asked, (await fetch(`${service.url}${asked}`)).status]).toEqual([asked, 200]);
      } finally {
        await service.stop();
      }
    });
  });
});

const probesOf = (containers: readonly Container[]): { path: string }[] =>
  containers.flatMap(({ startupProbe, readinessProbe, livenessProbe }) => [startupProbe, readinessProbe, livenessProbe].flatMap((probe) => (probe === undefined ? [] : [probe.httpGet])));

/** The namespace is there already where the others are tried. */
const withoutNamespace = (yaml: string): string =>
  yaml
    .split(/^---$/m)
    .filter((document) => !/^kind: Namespace$/m.test(document))
    .join('---');
