import { limits } from '../core/limits.ts';
import { UsageError } from './failure.ts';
import type { Terminal } from './terminal.ts';

type SecretTerminal = Pick<Terminal, 'ask' | 'input'>;

/** A secret that a command needs. It comes from standard input or from whoever sits at the terminal, and is never an argument. */
export interface SecretRequest {
  /** Such as `Password of ann`. */
  readonly question: string;
  /** The option that says that standard input holds it, … */
  readonly flag: string;
  /** … and whether that was given. */
  readonly isInInput: boolean;
}

/** @throws {UsageError} where there is none; {Interrupted} */
export async function readSecret(terminal: SecretTerminal, { question, flag, isInInput }: SecretRequest): Promise<string> {
  const secret = isInInput ? withoutLineEnd(await readInput(terminal, flag)) : await terminal.ask(`${question}: `, { isShown: false });
  if (secret === null) throw nobodyToAsk(flag);
  if (secret === '') throw new UsageError(isInInput ? `Standard input is empty, so ${flag} finds nothing there.` : 'Nothing was entered, so nothing was done.');
  return secret;
}

/** A password to be set: asked for twice, because nobody sees what they type. */
export async function readNewPassword(terminal: SecretTerminal, request: SecretRequest): Promise<string> {
  const password = checkedPassword(await readSecret(terminal, request));
  if (request.isInInput) return password;
  const repeated = await terminal.ask('The same again: ', { isShown: false });
  if (repeated !== password) throw new UsageError('The two passwords are not the same. Nothing was changed.');
  return password;
}

/** One's own password to be changed: the current one and the new one; in standard input, one on each line. */
export async function readPasswordChange(terminal: SecretTerminal, isInInput: boolean): Promise<{ readonly current: string; readonly next: string }> {
  const flag = '--password-stdin';
  if (!isInInput) {
    const current = await readSecret(terminal, { question: 'Current password', flag, isInInput });
    return { current, next: await readNewPassword(terminal, { question: 'New password', flag, isInInput }) };
  }
  const [current = '', next = '', ...more] = withoutLineEnd(await readInput(terminal, flag)).split(/\r?\n/);
  if (current === '' || next === '' || more.length > 0) throw new UsageError('For one’s own password, standard input holds two lines: the current password, and the new one.');
  return { current, next: checkedPassword(next) };
}

/** A word that may show while it is typed. */
export async function readShown(terminal: SecretTerminal, question: string, flag: string): Promise<string> {
  const word = await terminal.ask(`${question}: `, { isShown: true });
  if (word === null) throw nobodyToAsk(flag);
  if (word.trim() === '') throw new UsageError('Nothing was entered, so nothing was done.');
  return word.trim();
}

const nobodyToAsk = (flag: string): UsageError => new UsageError(`There is no terminal to ask at. Use ${flag}.`);

async function readInput(terminal: SecretTerminal, flag: string): Promise<string> {
  const input = await terminal.input();
  if (input === null) throw new UsageError(`${flag} takes a pipe or a file, and standard input is a terminal, which would show what is typed. Leave it out to be asked.`);
  return input;
}

/** Files and `echo` end their lines; no password does. */
const withoutLineEnd = (text: string): string => text.replace(/\r?\n$/, '');

/** What the service would refuse is not asked for a second time. */
function checkedPassword(password: string): string {
  const { passwordLengthMin: min, passwordLengthMax: max } = limits;
  if (password.length < min || password.length > max) throw new UsageError(`A password has ${min} to ${max} characters. Nothing was changed.`);
  return password;
}
