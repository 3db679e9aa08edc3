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
  /** Results that are written as one change: about 5 ms, should each bring a new verdict. */
  healthResultsTogether: 16,
  /** Watches that are read at once when the store begins to be used: some milliseconds. */
  watchesLoadedTogether: 4_000,
  /** Watches that are made as one change, about 2 ms; thousands are, when a catalog is watched for the first time. */
  watchesAddedTogether: 256,
  /** States of watches that the embedded store keeps for each watch before it removes old ones: the more, the fewer are still valid then and must be copied. */
  watchStatesKeptEach: 2,
  /** Page caches of SQLite, main thread: the upper levels of all indexes of 100,000 records. */
  sqliteCacheKib: 16 * 1024,
  /** Characters of the texts of records that are kept in memory because they were asked for lately; some ten thousand records. */
  rowCacheTextMax: 12 * 1024 * 1024,
  /** The scanning thread reads in order and needs less. */
  sqliteScanCacheKib: 4 * 1024,
  /** Wait for a lock within the process, which is held for milliseconds at most. */
  sqliteBusyTimeoutMs: 1_000,
  /** Prepared statements kept per connection: some fifty of our own, the others are shapes of queries. */
  sqliteStatementsMax: 150,
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

  /** What our own client reads of one answer. A page is far smaller, even one of the largest foreign documents. */
  clientAnswerBytesMax: 64 * 1024 * 1024,

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
  /** A registry that asks to be left alone for longer than a day means its limit, not its health. */
  retryAfterSMax: 86_400,
  /** Lines of a probe's own log: redirects at their most, each with all its steps. */
  probeLogEntriesMax: 100,
  /** Texts of a registry that a result quotes: reason phrase, realm, service, issuer, names. */
  probeTextLengthMax: 512,
  /** Names of a certificate that a result lists; shared front ends carry hundreds. */
  certificateNamesMax: 50,
  /** Probes on demand that may run at once; more wait their turn. */
  probesInFlightMax: 64,
  /** Probes on demand that may wait: two rounds of the slowest, so that nobody waits longer than ten seconds. */
  probesWaitingMax: 128,

  /** A registry is probed this often unless its record says otherwise: outages are told within about half a minute. */
  watchIntervalMsDefault: 30_000,
  /** More often would be load, not news; … */
  watchIntervalMsMin: 5_000,
  /** … and once a day is the least that can be called watching. Schema and documentation repeat these and the next ones. */
  watchIntervalMsMax: 86_400_000,
  /** A record's own time-out of a probe: shorter than this fails by chance, … */
  probeTimeoutMsMin: 100,
  /** … and longer would outlast the claim on the watch (`leaseMs`). */
  probeTimeoutMsMax: 10_000,
  /** A long-down registry, and one that asks to be left alone, is still looked at within so many of its intervals (design section 7). */
  backOffIntervalsMax: 10,
  /** PEM text of a record's own authorities: a whole chain is some 8 KiB. It is parsed for each write of the record. */
  authoritiesBytesMax: 64 * 1024,
  /** Statuses that a record may call healthy: far more than any proxy uses. */
  expectedStatusesMax: 50,
  /** A repository's name (255 at most on most registries), a sha512 digest, and room. */
  canaryLengthMax: 512,
  /** Maintenance windows of a record: one a week for a year. They are gone through for each result. */
  maintenanceWindowsMax: 50,
  /** What is done in a window, as one line. */
  maintenanceNoteLengthMax: 200,
  /** Outcomes that a verdict looks back on. They are stored with each result, one character each. */
  outcomesKept: 20,
  /** Last failures that are kept whatever their age. */
  failuresKept: 10,
  /** Characters of the last result's reason that are stored with the verdict, … */
  resultReasonLengthMax: 200,
  /** … and of each kept failure's: they are written again with each result. */
  failureReasonLengthMax: 120,
  /** Characters of a challenge's scheme that are stored with the verdict; Bearer and Basic are all that clients know. */
  challengeSchemeLengthMax: 40,

  /** Scheduled probes that may be under way at once in one process: 10,000 registries a minute of which a tenth hangs need some 100. */
  watchedInFlightMax: 512,
  /** … and of one host, however many records name it. */
  probesPerHostMax: 8,
  /** A probe whose host is busy, or whose record is being probed, comes again after about this, … */
  hostBusyMs: 1_000,
  /** … and later where more than these would come again in a second: each costs a claim and a write. */
  hostRetriesPerS: 64,
  /** Watches that are claimed in one go. */
  claimsTogether: 64,
  /** How often it is looked for what is due; a confirming probe comes after one second and should not wait long. */
  claimEveryMs: 200,
  /** A claim that is not completed after this is somebody else's: longer than the slowest probe, short enough that a dead process's share is soon taken over. */
  leaseMs: 15_000,
  /** Probes that may start in a second even when the schedule needs fewer: what was late is caught up with at this pace. */
  probesStartedPerSMin: 100,
  /** Results wait this long for others to be written with, … */
  resultsGatheredMs: 50,
  /** … in groups of this size. */
  resultsWrittenTogether: 64,
  /** While the store is away, writing is tried again after this, … */
  resultsRetryMs: 1_000,
  /** … for as long as the claims still hold. */
  resultsKeptMs: 10_000,
  /** Records of which it is remembered what they say about their health: a kilobyte each. */
  recordFactsKept: 20_000,
  /** Work of upkeep goes in steps, with so much time between them for everything else. */
  upkeepPauseMs: 20,
  /** A vantage says this often that it probes, and learns what pace its schedule needs. */
  announceEveryMs: 5_000,
  /** New records are to be probed from the vantages that were there within this time. */
  vantageLiveMs: 15 * 60_000,
  /** A vantage that nobody has probed from for so long is forgotten. */
  vantageKeptMs: 7 * 24 * 3_600_000,
  /** Records that nobody told of are looked for this often: those of other programs, and of processes that died in between. */
  enrolEveryMs: 60_000,
  recordsEnrolledTogether: 250,
  /** Verdicts that nobody renewed end within this of their time. */
  staleEveryMs: 5_000,
  staleEndedTogether: 64,
  pruneEveryMs: 10 * 60_000,
  rowsPrunedTogether: 250,

  /** Addresses of one name that are dialled; a name with more is a load balancer that answers on any. */
  dialAddressesMax: 8,
  /** Head start of each address before the next one is dialled beside it (RFC 8305 section 8). */
  dialHeadStartMs: 250,
  /** Contexts of TLS for authorities that records name themselves; some 20 KB each, and most records share a few. */
  trustContextsKept: 256,
  /** Names being resolved at once. The system resolver cannot be told to give up, so the lost ones pile up while DNS is away. */
  dnsLookupsMax: 256,

  /** Hours whose single results are kept: seven days. Older times are told from the figures of hours. */
  resultsKeptHours: 7 * 24,
  /** Days whose figures are kept: a year and a month, so that one year can be compared with the last. */
  figuresKeptDays: 400,
  /** Steps that one request for the history may ask for; no screen shows more. */
  historyStepsMax: 2_000,
  /** Packed results of one hour. Several times what the shortest interval brings; beyond it … */
  packedHourBytesMax: 8 * 1024,
  /** … results that follow another within this time are not kept, so that checks on demand cannot fill the store. */
  fullHourSpacingMs: 5_000,
  /** How long a result may speak for: the longest interval, backed off ten times, missed three times, and some. Bounds the hours that one result can close. */
  resultValidForMsMax: 31 * 24 * 60 * 60 * 1_000,
  /** A clock that goes back by no more than this was corrected, and time stands still meanwhile; by more, it was wrong before. */
  clockStepBackMsMax: 60 * 60 * 1_000,
} as const;
