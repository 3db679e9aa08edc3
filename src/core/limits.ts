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
  /** Brackets within brackets of a filter's text: two for each level of filterDepthMax, and a value as deep as a document may be. */
  filterJsonDepthMax: 128,
  /** All conditions of a filter together: each is evaluated on every candidate. */
  filterClausesMax: 200,
  /** Values in one $in, $nin or $all; each may become one index look-up. */
  filterArrayMax: 1_000,
  /** Characters of a text that a filter compares with. Longer than a chain of certificates; whoever has more compares hashes. */
  filterTextLengthMax: 64 * 1024,
  /** A pattern is compiled for each request; long ones are programs, not searches. */
  regexLengthMax: 500,
  /** Instructions of all compiled patterns of a filter: counted repetition (`{100}`) multiplies them, and each may run on every character. */
  regexProgramSizeMax: 5_000,
  /** Instructions of a pattern times characters of one text that it searches: bounds one match to about a second at worst. */
  regexWorkMax: 50_000_000,
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
  /** Fields, operators and steps of patterns in all $pull conditions of an update: they are compiled while other requests wait. */
  pullConditionSizeMax: 10_000,
  /** An array may be extended by position only so far beyond its end: MongoDB fills the gap with nulls. */
  arrayPaddingMax: 1_000,
  /** Lost races of compare-and-swap before an update without If-Match gives up; 32 clients on one record stay below. */
  updateRetriesMax: 200,

  /** Page size when a client asks for pages without saying how large. */
  pageSizeDefault: 100,
  /** Largest page: a page is held in memory whole, … */
  pageSizeMax: 1_000,
  /** … so that pages of large records end earlier, after so many characters; the `Link` header leads on as ever. */
  pageTextMax: 4 * 1024 * 1024,
  /** Characters of a streamed answer that are sent at once, give or take a record; a few such chunks wait for each slow reader. */
  streamChunkLength: 64 * 1024,
  /** Rows that one query may look at outside an index. Far above any real catalog. */
  scanRowsMax: 2_000_000,
  /** Time that one query may spend scanning. */
  scanDeadlineMs: 20_000,
  /** Queries that may wait for the scanning thread. Beyond it a client is told to come back. */
  scanQueueMax: 64,

  /** Records that a store hands over at once: few enough to hold for each query, enough to make the steps between them cheap. */
  storeBatchRecords: 256,
  /** … and characters of their text: each reader that is slow to take its answer holds as much. */
  storeBatchTextMax: 1024 * 1024,

  /** Leaves of one record that the embedded store indexes. A record with more is not indexed at all, and looked at by every query. A change needs a migration that builds the index anew. */
  indexedLeavesMax: 2_000,
  /** Characters of a text that the index keeps; longer ones are told apart by looking at the records. A change needs a migration, too. */
  indexedTextLengthMax: 200,
  /** Paths whose numbers are remembered; free keys may be as many as records. */
  indexPathsKept: 10_000,
  /** Look-ups in the index for one step of a query, on the main thread (about 2 ms), … */
  mainLookupsMax: 150,
  /** … and in the scanning thread: one $in at its longest, and some. Queries with more go over all records. */
  scanLookupsMax: 1_100,
  /** Values of further conditions that the index tests for each candidate. The matcher tests all of them anyway. */
  queryTestParametersMax: 32,
  /** Conditions, and values of each, that are tried to find out which has the fewest records; one look-up each. */
  leadersTried: 8,
  /** Index rows of a range that may be sorted by id on the main thread (about 1 ms), … */
  mainRangeRowsMax: 5_000,
  /** … and in the scanning thread (about 40 ms); with more of them, going over the records finds a page sooner. */
  scanRangeRowsMax: 250_000,
  /** What a query may do on the main thread before it goes on in the scanning thread: candidates, … */
  mainSliceRowsMax: 600,
  /** … time, … */
  mainSliceMs: 5,
  /** … and characters of text, because one comparison may take in all of them. */
  mainSliceTextMax: 1024 * 1024,
  /** What a query may do in the scanning thread before the next one gets its turn: rows, … */
  scanSliceRowsMax: 10_000,
  /** … time, … */
  scanThreadSliceMs: 50,
  /** … and characters of text: bounds the memory of one slice. */
  scanSliceTextMax: 16 * 1024 * 1024,
  /** A slice that has not ended after this is one record that a filter cannot cope with. The thread is then ended, and with it the query. */
  scanStuckMs: 5_000,
  /** Queries that the scanning thread keeps prepared; beyond it they are prepared anew at each turn. */
  scanQueriesKept: 32,
  /** Memory of the scanning thread for JavaScript's objects: some slices at their largest. */
  scanThreadHeapMb: 128,
  /** Its young generation; small, because it would be filled before it is ever cleared. */
  scanThreadYoungHeapMb: 8,
  /** A closing store waits so long for the slice at work. */
  scanCloseTimeoutMs: 2_000,

  /** Changes that wait to be written. Clients wait for each, so more than connections there can hardly be. */
  writeQueueMax: 10_000,
  /** Time that one transaction gathers changes; what comes later goes into the next one. */
  writeGroupMs: 8,
  /** Page caches of SQLite, main thread: the upper levels of all indexes of 100,000 records. */
  sqliteCacheKib: 16 * 1024,
  /** Characters of the texts of records that are kept in memory because they were asked for lately; some ten thousand records. */
  rowCacheTextMax: 12 * 1024 * 1024,
  /** The scanning thread reads in order and needs less. */
  sqliteScanCacheKib: 4 * 1024,
  /** Wait for a lock within the process, which is held for milliseconds at most. */
  sqliteBusyTimeoutMs: 1_000,
  /** Prepared statements kept per connection: some ten of our own, the others are shapes of queries. */
  sqliteStatementsMax: 100,
  /** Pages (of 8 KiB) in the write-ahead log before they are moved into the file: a record touches some thirty, so fewer would mean moving them all the time. */
  walCheckpointPages: 2_000,
  /** Size to which the log is cut after growing beyond it. */
  walBytesKept: 32 * 1024 * 1024,
  /** The whole catalog is read in chunks of about this size: a fraction of a millisecond each. */
  textChunkBytes: 256 * 1024,
  /** No chunk is larger, however large the next records are: several of the largest that there can be. */
  textChunkBytesMax: 4 * 1024 * 1024,
  /** Records of the first chunk, when nothing is known of their size yet, … */
  textChunkRecordsMin: 16,
  /** … and of any. */
  textChunkRecordsMax: 512,
  /** Page cache for reading the whole catalog, which comes to each page a few times and then never again. */
  sqliteTextCacheKib: 2 * 1024,

  /** A call on MongoDB is over after this: callers are promised an answer within two seconds, even from a server that hangs. */
  mongoAnswerTimeoutMs: 1_800,
  /** Wait for a server that takes writes; short elections are ridden out within it, and it leaves time for the answer. */
  mongoSelectionTimeoutMs: 1_500,
  /** How long a batch of a long query may take before MongoDB is asked whether it is still alive. */
  mongoPatienceMs: 800,
  /** MongoDB's servers are looked at this often, so that one that is back is found soon. */
  mongoHeartbeatMs: 1_000,
  /** Ids held by several documents that the log names; the operator needs a beginning, not a list of thousands. */
  mongoDuplicatesShown: 20,

  /** Ids of foreign records may be longer than ours; they stay readable up to here. */
  idLengthMax: 1_024,
  /** A URL longer than this is not a URL that registries and their clients agree on. */
  urlLengthMax: 2_048,

  /** Addresses that are counted apart in one minute; more share one count, so that a flood cannot fill the memory. */
  rateLimitKeysMax: 100_000,
  /** All headers of a request together; entity tags and cursors are the longest that clients need. */
  requestHeaderBytesMax: 16 * 1024,
  /** A client must have sent its headers after this, … */
  requestHeadersTimeoutMs: 10_000,
  /** … its whole request after this, … */
  requestTimeoutMs: 30_000,
  /** … and must not stop reading an answer for longer than this. */
  idleSocketTimeoutMs: 60_000,
  /** Connections at once; each costs memory even when it says nothing. */
  connectionsMax: 10_000,

  /** Redirects that a probe follows; registries need one at most (design section 6). */
  redirectsMax: 5,
  /** A probe reads this much of a body, to see whether it is JSON, and then hangs up. */
  probeBodyBytesMax: 64 * 1024,
  /** Response headers of a registry, all together. */
  probeHeaderBytesMax: 32 * 1024,
  /** A probe is over after this, whatever happened (design section 7). */
  probeTimeoutMs: 5_000,
  /** Everything that a registry may send in answer to one request: headers and body at their largest, and framing. */
  probeAnswerBytesMax: 128 * 1024,
  /** Interim answers (1xx) before the real one; a registry has no use for more than one or two. */
  probeInterimAnswersMax: 8,
  /** Texts of a registry that a result quotes: reason phrase, realm, service, issuer, names. */
  probeTextLengthMax: 512,
  /** Names of a certificate that a result lists; shared front ends carry hundreds. */
  certificateNamesMax: 50,
  /** Probes on demand that may run at once; more wait their turn. */
  probesInFlightMax: 64,
  /** Probes on demand that may wait: two rounds of the slowest, so that nobody waits longer than ten seconds. */
  probesWaitingMax: 128,

  /** Addresses of one name that are dialled; a name with more is a load balancer that answers on any. */
  dialAddressesMax: 8,
  /** Head start of each address before the next one is dialled beside it (RFC 8305 section 8). */
  dialHeadStartMs: 250,
  /** Names being resolved at once. The system resolver cannot be told to give up, so the lost ones pile up while DNS is away. */
  dnsLookupsMax: 256,
} as const;
