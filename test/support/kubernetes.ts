/**
 * A Kubernetes control plane on loopback: etcd, kube-apiserver, controllers and scheduler are the real ones; nodes are
 * kwok's, which only pretend to run their pods.
 */
import { spawnSync, type SpawnSyncOptions } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startProcess, type RunningProcess } from './child-process.ts';
import { freePort } from './network.ts';
import type { PeerName } from '../../scripts/peers/table.ts';
import { requirePeer } from './peers.ts';
import { temporaryFolder } from './service.ts';
import { until } from './until.ts';

export const clusterPeers = ['kubernetes', 'etcd', 'kwok', 'prometheus-operator-crds'] as const satisfies readonly PeerName[];

export interface Answer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Cluster {
  /** Runs kubectl in `cwd`; `input` is its standard input. */
  kubectl(args: readonly string[], options?: { readonly input?: string; readonly cwd?: string }): Answer;
  /** Runs lines of a shell in which `kubectl` speaks to this cluster; the first that fails ends them. */
  shell(lines: string, cwd: string): Answer;
  /** What `kubectl get … -o json` gives. @throws {Error} with what kubectl says when it fails */
  get(...args: string[]): unknown;
  stop(): Promise<void>;
}

const TOKEN = 'administrator-of-this-test';
const START_TIMEOUT_MS = 60_000;
/** Lines that wait for a Deployment among them. */
const KUBECTL_TIMEOUT_MS = 120_000;

interface Ports {
  readonly etcd: number;
  readonly etcdPeers: number;
  readonly api: number;
}

/** A program that does not say well when it serves; `until` finds out. */
const start = (program: string, args: readonly string[]): Promise<RunningProcess> => startProcess({ program, args, ready: /\n/, startTimeoutMs: START_TIMEOUT_MS });

const startEtcd = (folder: string, { etcd, etcdPeers }: Ports): Promise<RunningProcess> => {
  const url = `http://127.0.0.1:${etcd}`;
  const peerUrl = `http://127.0.0.1:${etcdPeers}`;
  return start(join(requirePeer('etcd'), 'usr/bin/etcd'), [
    ...['--data-dir', join(folder, 'etcd'), '--listen-client-urls', url, '--advertise-client-urls', url],
    ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl, '--initial-cluster', `default=${peerUrl}`],
  ]);
};

async function startApi(folder: string, { etcd, api }: Ports): Promise<RunningProcess> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
  await writeFile(join(folder, 'accounts.key'), privateKey);
  await writeFile(join(folder, 'tokens.csv'), `${TOKEN},admin,admin,system:masters\n`);
  const accountsKey = join(folder, 'accounts.key');
  return start(join(requirePeer('kubernetes'), 'kube-apiserver'), [
    `--etcd-servers=http://127.0.0.1:${etcd}`,
    `--secure-port=${api}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--cert-dir=${join(folder, 'certificates')}`,
    `--token-auth-file=${join(folder, 'tokens.csv')}`,
    '--authorization-mode=RBAC',
    '--service-cluster-ip-range=10.96.0.0/16',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-signing-key-file=${accountsKey}`,
    `--service-account-key-file=${accountsKey}`,
  ]);
}

const kubeconfig = (api: number): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: `https://127.0.0.1:${api}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'admin', user: { token: TOKEN } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  });

/** Each replica of a spread Deployment needs a node, and one more shows that spreading is a choice. */
export const NODES = ['node-a', 'node-b', 'node-c', 'node-d'];

const nodeOf = (name: string, index: number): object => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'topology.kubernetes.io/zone': `zone-${index % 2}` } },
  status: { allocatable: { cpu: '8', memory: '16Gi', pods: '110' }, capacity: { cpu: '8', memory: '16Gi', pods: '110' } },
});

/** Starts the control plane and its nodes, and gives it the kinds of the Prometheus operator that we use. */
export async function startCluster(): Promise<Cluster> {
  const folder = await temporaryFolder();
  const running: RunningProcess[] = [];
  const ports = { etcd: await freePort(), etcdPeers: await freePort(), api: await freePort() };
  const config = join(folder, 'kubeconfig');
  const binaries = requirePeer('kubernetes');
  const spawn = (program: string, args: readonly string[], options: SpawnSyncOptions): Answer => {
    const { status, stdout, stderr } = spawnSync(program, args, { ...options, encoding: 'utf8', timeout: KUBECTL_TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 });
    return { status, stdout, stderr };
  };
  const kubectl: Cluster['kubectl'] = (args, options = {}) => spawn(join(folder, 'bin/kubectl'), args, options);
  const stop = async (): Promise<void> => {
    for (const program of running.reverse()) await program.stop();
    await rm(folder, { recursive: true, force: true });
  };
  const must = (args: readonly string[], input?: string): string => {
    const { status, stdout, stderr } = kubectl(args, input === undefined ? {} : { input });
    if (status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  try {
    await writeFile(config, kubeconfig(ports.api));
    await mkdir(join(folder, 'bin'));
    await writeFile(join(folder, 'bin/kubectl'), `#!/bin/sh\nexec '${join(binaries, 'kubectl')}' --kubeconfig '${config}' --cache-dir '${join(folder, 'discovery')}' "$@"\n`, { mode: 0o755 });
    running.push(await startEtcd(folder, ports));
    running.push(await startApi(folder, ports));
    await until(() => kubectl(['get', '--raw', '/readyz']).stdout === 'ok', START_TIMEOUT_MS);
    running.push(
      await start(join(binaries, 'kube-controller-manager'), [
        ...[`--kubeconfig=${config}`, '--leader-elect=false', '--secure-port=0', '--use-service-account-credentials=false'],
        ...[`--service-account-private-key-file=${join(folder, 'accounts.key')}`, '--horizontal-pod-autoscaler-sync-period=1s'],
      ]),
      await start(join(binaries, 'kube-scheduler'), [`--kubeconfig=${config}`, '--leader-elect=false', '--secure-port=0']),
      await start(join(requirePeer('kwok'), 'kwok'), [`--kubeconfig=${config}`, '--manage-all-nodes=true', '--node-ip=127.0.0.1', `--server-address=127.0.0.1:${await freePort()}`]),
    );
    must(['create', '-f', '-'], NODES.map((name, index) => JSON.stringify(nodeOf(name, index))).join('\n'));
    must(['create', '-f', join(requirePeer('prometheus-operator-crds'), 'monitoring.coreos.com_servicemonitors.yaml')]);
    must(['wait', '--for=condition=Established', 'crd/servicemonitors.monitoring.coreos.com']);
    must(['wait', '--for=condition=Ready', 'node', '--all', '--timeout=30s']);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    kubectl,
    shell: (lines, cwd) => spawn('bash', ['-e', '-c', lines], { cwd, env: { ...process.env, PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}` } }),
    get: (...args) => JSON.parse(must(['get', ...args, '-o', 'json'])) as unknown,
    stop,
  };
}
