/**
 * Every limit of Portolan, each with its reason. A limit that is reached is an answer that names it, never a crash.
 */
export const limits = {
  /** A record is a page of facts about one registry; a certificate bundle of a private authority still fits in. */
  recordBytesMax: 1024 * 1024,
  /** The largest record plus the operators around it. Filters and updates are far smaller. */
  bodyBytesMax: 1024 * 1024 + 64 * 1024,
  /** Deeper documents are machine-made by mistake or malice; MongoDB itself stops at 100. */
  documentDepthMax: 64,
  /** Total keys and array elements of one body: bounds the work that one request causes. */
  documentNodesMax: 100_000,
  /** An object with more keys than this is a table that belongs elsewhere. */
  objectKeysMax: 5_000,

  /** Nesting of $and, $or, $not, $elemMatch in a filter. People write three levels, programs perhaps ten. */
  filterDepthMax: 20,
  /** All conditions of a filter together: each is evaluated on every candidate. */
  filterClausesMax: 200,
  /** Values in one $in, $nin or $all; each may become one index look-up. */
  filterArrayMax: 1_000,
  /** A pattern is compiled for each request; long ones are programs, not searches. */
  regexLengthMax: 500,
  /** Segments of a dotted path. */
  pathSegmentsMax: 32,
  /** Fields of one sort, and with them the size of a cursor. */
  sortFieldsMax: 4,
  /** An opaque cursor travels in a URL. */
  cursorLengthMax: 8 * 1024,

  /** Paths that one update may touch. */
  updatePathsMax: 500,
  /** Elements that one $push or $addToSet may bring. */
  pushEachMax: 1_000,
  /** An array may be extended by position only so far beyond its end: MongoDB fills the gap with nulls. */
  arrayPaddingMax: 1_000,
  /** Lost races of compare-and-swap before an update without If-Match gives up; 32 clients on one record stay below. */
  updateRetriesMax: 200,

  /** Page size when a client asks for pages without saying how large. */
  pageSizeDefault: 100,
  /** Largest page: a page is held in memory whole. */
  pageSizeMax: 1_000,
  /** Rows that one query may look at outside an index. Far above any real catalog. */
  scanRowsMax: 2_000_000,
  /** Time that one query may spend scanning. */
  scanDeadlineMs: 20_000,
  /** Queries that may wait for the scanning thread. Beyond it a client is told to come back. */
  scanQueueMax: 64,

  /** Ids of foreign records may be longer than ours; they stay readable up to here. */
  idLengthMax: 1_024,
  /** A URL longer than this is not a URL that registries and their clients agree on. */
  urlLengthMax: 2_048,

  /** Redirects that a probe follows; registries need one at most (design section 6). */
  redirectsMax: 5,
  /** A probe reads this much of a body, to see whether it is JSON, and then hangs up. */
  probeBodyBytesMax: 64 * 1024,
  /** Response headers of a registry, all together. */
  probeHeaderBytesMax: 32 * 1024,
  /** A probe is over after this, whatever happened (design section 7). */
  probeTimeoutMs: 5_000,
  /** Probes on demand that may run at once; more wait their turn. */
  probesInFlightMax: 64,
} as const;
