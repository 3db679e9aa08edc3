/**
 * How peers are got from the package registries. Each function fills the empty folder `dir` and installs nothing
 * outside it (compilers and package managers use their own caches).
 */
import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';
import { runTool } from './tool.ts';

/**
 * Unpacks a Debian package into `dir` without installing it: no root, no services, no configuration.
 * @param libraries other packages that it needs and a machine may not have
 */
export async function unpackDebianPackage(dir: string, name: string, version: string, libraries: readonly string[] = []): Promise<void> {
  const download = (): Promise<string> => runTool('apt-get', ['download', `${name}=${version}*`, ...libraries], { cwd: dir });
  try {
    await download();
  } catch (error) {
    // Fresh containers have no package list yet; only root may get it.
    if (process.getuid?.() !== 0) throw error;
    await runTool('apt-get', ['update'], { cwd: dir });
    await download();
  }
  for (const archive of (await readdir(dir)).filter((entry) => entry.endsWith('.deb'))) {
    await runTool('dpkg', ['-x', archive, '.'], { cwd: dir });
    await rm(join(dir, archive));
  }
}

/** Only the first entry of GOPROXY: falling through to `direct` would ask version control hosts. */
const firstOf = (proxies: string): string => proxies.split(/[,|]/)[0] ?? proxies;

export interface GoSource {
  readonly module: string;
  readonly version: string;
  /** Folders of programs below the module; '' is the module itself. */
  readonly packages: readonly string[];
  /** Other modules that must have exactly these versions: what the module's own `replace` lines say, which Go heeds only in the module itself. */
  readonly replaced?: Readonly<Record<string, string>>;
  /** Variables that the linker sets, `package.name=value`. */
  readonly linkerVariables?: readonly string[];
}

/**
 * Builds Go programs of one module into `dir`, each named after the last part of its path. `go install pkg@version` needs
 * a version list that some modules do not serve; a module of our own with one exact requirement always works.
 */
export async function buildGoPrograms(dir: string, { module, version, packages, replaced = {}, linkerVariables = [] }: GoSource): Promise<void> {
  const work = join(dir, 'source');
  await mkdir(work);
  const replacements = Object.entries(replaced).map(([name, exact]) => `replace ${name} => ${name} ${exact}\n`);
  await writeFile(join(work, 'go.mod'), `module portolan.test/peer\n\ngo 1.22\n\nrequire ${module} ${version}\n${replacements.join('')}`);
  const proxies = (await runTool('go', ['env', 'GOPROXY'], { cwd: work })).trim();
  const linkerFlags = ['-s', '-w', ...linkerVariables.map((assignment) => `-X ${assignment}`)].join(' ');
  const programs = packages.map((path) => posix.join(module, path));
  // The slash makes it a folder, even for one program.
  await runTool('go', ['build', '-buildvcs=false', '-trimpath', `-ldflags=${linkerFlags}`, '-o', `${dir}/`, ...programs], {
    cwd: work,
    env: { GOFLAGS: '-mod=mod', CGO_ENABLED: '0', GOPROXY: firstOf(proxies) },
  });
  await rm(work, { recursive: true });
}

/** The same for one program. */
export const buildGoProgram = (dir: string, module: string, version: string, packagePath: string): Promise<void> =>
  buildGoPrograms(dir, { module, version, packages: [packagePath] });

/** Copies files of a Go module into `dir`, under their last names: some projects publish what is no program there, too. */
export async function copyGoModuleFiles(dir: string, module: string, version: string, paths: readonly string[]): Promise<void> {
  const work = join(dir, 'source');
  await mkdir(work);
  await writeFile(join(work, 'go.mod'), 'module portolan.test/peer\n\ngo 1.22\n');
  const proxies = (await runTool('go', ['env', 'GOPROXY'], { cwd: work })).trim();
  const output = await runTool('go', ['mod', 'download', '-json', `${module}@${version}`], { cwd: work, env: { GOPROXY: firstOf(proxies) } });
  const { Dir: folder } = JSON.parse(output.slice(output.indexOf('{'))) as { Dir: string };
  for (const path of paths) await copyFile(join(folder, path), join(dir, posix.basename(path)));
  await rm(work, { recursive: true });
}

/** Copies Maven artifacts (`group:artifact:version`) and all that they need at run time into `dir/lib`. */
export async function copyMavenJars(dir: string, artifacts: readonly string[]): Promise<void> {
  const dependencies = artifacts.map((artifact) => {
    const [groupId = '', artifactId = '', version = ''] = artifact.split(':');
    return `<dependency><groupId>${groupId}</groupId><artifactId>${artifactId}</artifactId><version>${version}</version></dependency>`;
  });
  const project = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>portolan.test</groupId><artifactId>peer</artifactId><version>1</version>
<dependencies>${dependencies.join('')}</dependencies></project>\n`;
  const projectFile = join(dir, 'pom.xml');
  await writeFile(projectFile, project);
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
  await runTool('mvn', ['-B', '-q', '-f', projectFile, goal, '-DincludeScope=runtime', `-DoutputDirectory=${join(dir, 'lib')}`], { cwd: dir });
  await rm(projectFile);
}

/** Compiles one Java source of the tests against the jars in `dir/lib`, into `dir/classes`. */
export async function compileJava(dir: string, source: string): Promise<void> {
  await mkdir(join(dir, 'classes'));
  await copyFile(source, join(dir, basename(source)));
  await runTool('javac', ['-cp', 'lib/*', '-d', 'classes', basename(source)], { cwd: dir });
}

/**
 * Installs a Python package into an environment of its own in `dir`. Call it as `bin/python -m …`: the environment is
 * moved once when it is complete, and the scripts beside `python` name the folder that it was built in.
 */
export async function installPythonPackage(dir: string, requirement: string): Promise<void> {
  await runTool('python3', ['-m', 'venv', '.'], { cwd: dir });
  await runTool(join(dir, 'bin/python'), ['-m', 'pip', 'install', '--quiet', '--no-input', requirement], { cwd: dir });
}

