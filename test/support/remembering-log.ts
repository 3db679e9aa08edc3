type Fields = Readonly<Record<string, unknown>>;

/** A log that remembers. */
export interface RememberedLog {
  readonly lines: { readonly level: 'info' | 'warn' | 'error'; readonly message: string; readonly fields: Fields | undefined }[];
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
}

export function rememberingLog(): RememberedLog {
  const lines: RememberedLog['lines'] = [];
  return {
    lines,
    info: (message, fields) => lines.push({ level: 'info', message, fields }),
    warn: (message, fields) => lines.push({ level: 'warn', message, fields }),
    error: (message, fields) => lines.push({ level: 'error', message, fields }),
  };
}
