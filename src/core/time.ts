const TIME = /^(\d{4}-\d\d-\d\d)[Tt]\d\d:\d\d:\d\d(?:[.]\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;

/**
 * Milliseconds since the epoch of a time with date and zone; `null` for any other text. Without a zone it would mean
 * another time on each machine, and JavaScript would take the 31st of June for the first of July.
 * @see https://www.rfc-editor.org/rfc/rfc3339#section-5.6
 */
export function parseTimeMs(text: string): number | null {
  const date = TIME.exec(text)?.[1];
  if (date === undefined) return null;
  const dayMs = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(dayMs) || !new Date(dayMs).toISOString().startsWith(date)) return null;
  const timeMs = Date.parse(text.toUpperCase());
  return Number.isNaN(timeMs) ? null : timeMs;
}
