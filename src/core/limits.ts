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

  /** Memory of the bulk thread for JavaScript's objects: a batch or two of records, several times over. */
  bulkThreadHeapMb: 128,
  /** Its young generation, as for the scanning thread; records come to it one by one. */
  bulkThreadYoungHeapMb: 4,

  /** Tags that a summary of the catalog lists. People look at the first twenty; free words may be as many as records. */
  summaryTagsMax: 1_000,

  /**
   * Records of an import that are written together. The more, the fewer pages of the index are written again and again: of a large catalog,
   * 512 take three quarters of the time that twice 256 do. Other changes wait meanwhile: a quarter of a second, half of one in a large catalog; …
   */
  importRecordsTogether: 512,
  /** … and characters of their lines. */
  importTextTogether: 2 * 1024 * 1024,
  /** Lines that have come are written, however few, when no more come for so long. */
  importIdleMs: 50,
  /** Ids that the trial of an import remembers, to tell of those that come twice: some megabytes. */
  importTrialIdsMax: 100_000,
  /** Records that a change of many takes up at once; they are held in memory, and their writes share the wait for the disk. */
  changesTogether: 64,
  /** Failures that a change of many tells one by one. */
  changeFailuresShown: 100,
  /** Outcomes of an import that wait for a client which reads only when it has sent all: those of a hundred thousand lines. */
  importAnswerTextMax: 16 * 1024 * 1024,
  /** An answer that takes longer than this is begun with a blank now and then, so that nobody on the way takes it for dead. */
  answerSignOfLifeMs: 10_000,
  /** Bytes of one record's line in an import: the record, as it is sent with blanks and escapes, and its `meta`. */
  importLineBytesMax: 2 * 1024 * 1024,

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
  /** The bulk thread goes through each index in its order, so that a page is done with when it is left. */
  sqliteBulkCacheKib: 4 * 1024,
  /** The scanning thread reads in order and needs less. */
  sqliteScanCacheKib: 4 * 1024,
  /** Wait for a lock within the process, which is held for milliseconds at most. */
  sqliteBusyTimeoutMs: 1_000,
  /** Prepared statements kept per connection: some fifty of our own, the others are shapes of queries. */
  sqliteStatementsMax: 150,
  /** The checkpointing thread only moves pages. */
  sqliteCheckpointCacheKib: 256,
  /** Its memory for JavaScript's objects, of which it has next to none. */
  checkpointThreadHeapMb: 16,
  checkpointThreadYoungHeapMb: 1,
  /** Pages (of 8 KiB) in the write-ahead log before they are moved into the file: a record touches some thirty, so fewer would mean moving them all the time. */
  walCheckpointPages: 4_000,
  /** Size to which the log is cut after growing beyond it. */
  walBytesKept: 48 * 1024 * 1024,
  /** A checkpoint beside others who write is made again until only so many pages are left, for which they have to wait, … */
  walPagesLeftMax: 512,
  /** … but not more often than this, should they write faster than that. */
  walPassesMax: 3,
  /** The whole catalog is read in chunks of about this size: one or two milliseconds each, of which half as long ones would cost a tenth more. */
  textChunkBytes: 512 * 1024,
  /** No chunk is larger, however large the next records are: several of the largest that there can be. */
  textChunkBytesMax: 4 * 1024 * 1024,
  /** Records of the first chunk, when nothing is known of their size yet, … */
  textChunkRecordsMin: 16,
  /** … and of any. */
  textChunkRecordsMax: 1_024,
  /** Page cache for reading the whole catalog, which comes to each page a few times and then never again. */
  sqliteTextCacheKib: 2 * 1024,

  /** A call on MongoDB is over after this: callers are promised an answer within two seconds, even from a server that hangs. */
  mongoAnswerTimeoutMs: 1_800,
  /** Records of one call that inserts many: a fraction of that time, also where every one of a dozen indexes is on a slow disk. */
  mongoInsertedTogether: 64,
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
  /** … and of one line of a stream, in characters: an entry of the audit with all its changes is some 50 KiB. */
  clientLineLengthMax: 1024 * 1024,
  /** Times that the command reads a record again because somebody else changed it meanwhile. */
  clientRetriesMax: 5,
  /** A session is renewed so long before it ends, so that it does not end on the way to the service. */
  sessionRenewedBeforeMs: 30_000,
  /** Wait for another process that is renewing a session, which takes it one answer of the service. */
  sessionLockTimeoutMs: 60_000,
  /** The file of sessions: a few hundred services. */
  sessionFileBytesMax: 1024 * 1024,
  /** Standard input that is taken for a password or a token: the longest tokens are a few KiB. */
  secretInputBytesMax: 64 * 1024,

  /** Addresses that are counted apart in one minute; more share one count, so that a flood cannot fill the memory. */
  rateLimitKeysMax: 100_000,
  /** All headers of a request together; entity tags and cursors are the longest that clients need. */
  requestHeaderBytesMax: 16 * 1024,
  /** A client must have sent its headers after this, … */
  requestHeadersTimeoutMs: 10_000,
  /** … its whole request after this, … */
  requestTimeoutMs: 30_000,
  /** … or, where it may be of any size, send at least so much a second once that time is over: less is somebody who holds a connection. */
  uploadBytesPerSMin: 1_024,
  /** … and must not stop reading an answer for longer than this. */
  idleSocketTimeoutMs: 60_000,
  /** Connections at once; each costs memory even when it says nothing. */
  connectionsMax: 10_000,
  /** How often it is looked whether the certificate of HTTPS was renewed: nobody should have to wait for it, and it costs two `stat`s. */
  certificateCheckEveryMs: 2_000,

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
  /** Credentials of one record: hosts with more namespaces than that have one login for several. All are read for each probe. */
  credentialsPerRecordMax: 20,
  /** Characters of a password, token or client secret. Keys of cloud accounts, the longest there are, take some 3,000. */
  registrySecretLengthMax: 16 * 1024,
  /** … and of a user's or client's name. */
  registryUserLengthMax: 512,
  /** Characters of a repository prefix, and of a token service's host: as long as names on registries and in DNS may be. */
  repositoryPrefixLengthMax: 255,
  tokenHostLengthMax: 262,
  /** Lost races before a change to a credential gives up; people seldom set the same one at once. */
  credentialRetriesMax: 10,
  /** A credential is about to expire this long before its end; … */
  credentialExpiresSoonMs: 14 * 24 * 60 * 60 * 1_000,
  /** Credentials that could not be opened, remembered so that the log tells of each but once. */
  brokenCredentialsKept: 1_000,
  /** Characters of a token that a token service gives out. Registries take headers of 8 to 16 KiB; some cloud's tokens are a few. */
  registryTokenLengthMax: 32 * 1024,
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
  /** While so many wait, nothing more is claimed: after a large import, watches that turn out to be paused come faster than they can be written. */
  resultsWaitingMax: 1_024,
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
  /** Where the store was away at the start, it is tried this often whether somebody can administer. */
  settleEveryMs: 5_000,
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

  /** Clocks of processes that write to one audit differ less than this. Entries that come later are found by an index of their own. */
  auditLateMs: 60_000,
  /** Entries of the audit that one step of a search looks at, on the main thread: some 3 ms. */
  auditSliceRows: 1_000,
  /** Entries that are checked in one go when the chain is verified: some 2 ms. */
  auditCheckedTogether: 500,
  /** Denials and the like that wait to be noted in the audit; what comes on top of them is a flood. */
  auditNotesMax: 1_000,
  /** Denials of one address that the audit tells of in a minute; a person or a program that is told no does not need more to be seen. */
  auditDenialsPerMinute: 60,
  /** Entries of the audit that are written in one go: a few hundred kilobytes. */
  auditAppendedTogether: 500,
  /** Changes that wait to be told of in the audit while MongoDB is away; no more are made beyond it. */
  auditWaitingMax: 10_000,
  /** For so long a process goes on from the entry that it saw last. Should the next ones be there already, it is refused; so they must not have been pruned. */
  auditHeadKnownMs: 5_000,
  /** While MongoDB is away, appending is tried again after this. */
  auditRetryMs: 500,

  /** NIST SP 800-63B asks for eight; administrators of a catalog of credentials get a little more. */
  passwordLengthMin: 10,
  /** Longer ones would only cost time to hash. */
  passwordLengthMax: 256,
  /** A key of 32 characters of base64 holds 192 random bits. */
  secretKeyLengthMin: 32,
  /** Different characters in a key: random text of that length has far more. */
  secretKeyCharactersMin: 8,
  /** Passwords hashed at once, some 20 ms and 19 MiB each. Node has four threads for such work; one stays free for files and names. */
  passwordHashesAtOnce: 3,
  /** Logins that wait for that: about half a second's worth. */
  passwordHashesWaiting: 64,
  /** Failed logins of one user before the next ones are slowed down: people mistype, … */
  accountFailuresFree: 5,
  /** … and from one address, which may be that of many people. */
  addressFailuresFree: 20,
  /** The first wait after that. It doubles with each failure … */
  loginWaitMsMin: 1_000,
  /** … up to this: 2,880 guesses a day, and a user who is being attacked still gets a turn. */
  loginWaitMsMax: 30_000,
  /** Failures are forgotten when none has followed for so long. */
  loginFailuresKeptMs: 15 * 60_000,
  /** Users, addresses and pairs of both whose logins are remembered, of each so many; some 100 bytes each. */
  loginKeysMax: 10_000,
  /** How long what is known of a caller may be believed without looking: a revoked token is refused everywhere after that. */
  callerKnownForMs: 5_000,
  /** Callers known at once; half a kilobyte each. */
  callersKnownMax: 10_000,
  /** Longest `Authorization` that is looked at. Ours are below 1 KiB. */
  authorizationLengthMax: 8 * 1024,
  /** A session proves itself with a token that cannot be taken back, only refused after `callerKnownForMs`; so it is short-lived, … */
  accessTokenLifetimeS: 15 * 60,
  /** … and renewed; a session that was not renewed for so long has ended. */
  sessionUnusedMsMax: 30 * 24 * 60 * 60 * 1_000,
  /** Sessions of one user; with one more, the one that was renewed least lately ends. */
  sessionsPerUserMax: 100,
  /** A token may be used this much before the time at which it was made: clocks of replicas differ. */
  clockLeewayS: 5,
  /** Keys that sign sessions; one, or a few just after a rotation. */
  signingKeysMax: 100,
  /** An unknown key in a token makes the store look no more often than this, so that forged ones cannot wear it out. */
  signingKeysReadEveryMs: 1_000,
  /** Users; a directory of people belongs elsewhere. */
  usersMax: 10_000,
  /** Groups of one user: each is compared with every share. */
  groupsPerUserMax: 50,
  /** API tokens of one user. */
  tokensPerUserMax: 100,
  /** Tokens in one list; an administrator asks for those of one user then. */
  tokensListedMax: 10_000,
  /** Names are for people to recognise tokens by. */
  tokenNameLengthMax: 100,
  /** A token that expires sooner has expired before it was copied, … */
  tokenLifetimeSMin: 60,
  /** … and one that expires later is one that does not expire, and should say so. */
  tokenLifetimeSMax: 10 * 366 * 24 * 60 * 60,
  /** When a token was last used is kept to the minute: uses are many, and each would be a write. */
  tokenUseNotedEveryMs: 60_000,
  /** Lost races of a change to a user before it gives up; people seldom change the same user at once. */
  accountRetriesMax: 10,

  /** Shares of one record: each is compared with every group of whoever asks, and more people are what groups are for. */
  sharesPerRecordMax: 100,

  /** The audit keeps values up to this length of JSON; of longer ones it tells that they changed. */
  auditedValueLengthMax: 256,
  /** Nobody who reads the audit compares more fields of one change. */
  auditedChangesMax: 50,
  /** Keys may be long, and nested deeply. */
  auditedPathLengthMax: 256,
  /** Keys of which it is remembered whether they name secrets; catalogs have some hundred different ones. */
  auditedKeysKept: 2_000,

  /** How long our own client waits for a backup to be made: undici waits no longer for the head of an answer, whatever it is told. */
  backupPatienceMs: 290_000,
  /** Rows that are copied from one store into another at once: a millisecond or two of reading. */
  copyRowsTogether: 250,
  /** A step of a copy that a store cannot take now is tried so often, … */
  copyAttemptsMax: 20,
  /** … this long after it failed: an election, or a machine that is busy, is over by then. */
  copyRetryMs: 500,
  /** Pages that SQLite's online backup takes in one step, in a thread of its own: 8 MiB. */
  backupPagesTogether: 1_024,
} as const;
