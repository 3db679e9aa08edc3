import type { JsonObject } from '../core/json.ts';

export interface Filter {
  readonly source: JsonObject;
}
