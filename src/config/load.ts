import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { StartError } from '../core/errors.ts';
import { settings, type Config, type Setting } from './settings.ts';

type Variables = Readonly<Record<string, string | undefined>>;

const table: readonly (readonly [string, Setting<unknown>])[] = Object.entries(settings);

/**
 * Reads the configuration: the environment first, then the file that `CONFIG_FILE` names (lines of `NAME=value`), then defaults.
 * @throws {StartError} one sentence for each setting that is wrong
 */
export function loadConfig(environment: Variables): Config {
  const complaints: string[] = [];
  const file = readConfigFile(environment['CONFIG_FILE'], complaints);
  const config: Record<string, unknown> = {};
  for (const [key, setting] of table) {
    const text = readText(setting, environment, complaints) ?? readText(setting, file, complaints) ?? setting.defaultText;
    try {
      config[key] = setting.parse(text);
    } catch (error) {
      const shown = setting.secret ? 'its value' : `"${text}"`;
      complaints.push(`${setting.variable}: ${shown} is not valid: ${messageOf(error)}.`);
    }
  }
  if (complaints.length > 0) throw new StartError(`The configuration is not valid. ${complaints.join(' ')}`);
  return Object.freeze(config) as Config;
}

/** Text of one setting from one source; a secret may stand in a file that `<NAME>_FILE` names, as container platforms mount them. */
function readText(setting: Setting<unknown>, variables: Variables, complaints: string[]): string | undefined {
  const fileVariable = `${setting.variable}_FILE`;
  const path = setting.secret ? variables[fileVariable] : undefined;
  if (path === undefined || path === '') return variables[setting.variable];
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    complaints.push(`${fileVariable}: cannot read ${path}: ${messageOf(error)}.`);
    return undefined;
  }
}

function readConfigFile(path: string | undefined, complaints: string[]): Variables {
  if (path === undefined || path === '') return {};
  try {
    const variables = parseEnv(readFileSync(path, 'utf8')) as Record<string, string>;
    complaints.push(...unknownVariables(variables).map((name) => `${path}: there is no setting ${name}.`));
    return variables;
  } catch (error) {
    complaints.push(`CONFIG_FILE: cannot read ${path}: ${messageOf(error)}.`);
    return {};
  }
}

/** A misspelt name in our own file is an error; the environment is full of names that are not ours. */
function unknownVariables(variables: Variables): string[] {
  const known = new Set(table.flatMap(([, setting]) => [setting.variable, ...(setting.secret ? [`${setting.variable}_FILE`] : [])]));
  return Object.keys(variables).filter((name) => !known.has(name));
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
