const COMPONENT = '[a-z0-9]+(?:(?:[.]|__?|-+)[a-z0-9]+)*';

/**
 * Source of a pattern for a repository's name, to be used within others.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
 */
export const REPOSITORY_NAME = `${COMPONENT}(?:/${COMPONENT})*`;

/** Whether a repository is the prefix itself, or below it; all are below the empty prefix. */
export const isBelow = (repository: string, prefix: string): boolean => prefix === '' || repository === prefix || repository.startsWith(`${prefix}/`);
