/* SPDX-License-Identifier: MIT */
/* Every ceiling: name, unit, the harm it prevents. Nothing that input can size is without one. */
#ifndef WHYNOW_LIMITS_H
#define WHYNOW_LIMITS_H

/* --- base ---- */
#define WN_NEAREST_MAX 64                  /* bytes of a name looked up by likeness; quadratic time */
#define WN_VALUE_DEPTH_MAX 512             /* nesting of a value compared, copied or written; recursion */
#define WN_ID_FIELD_MAX (16u << 20)        /* bytes one hashed field stays below; prefixes stay apart */
#define WN_DATE_TEXT_MAX 200               /* bytes of a date or duration that is looked at */
#define WN_TZ_FILE_MAX (256u << 10)        /* bytes of one TZif file; the largest of tzdata has 3 KiB */
#define WN_LOG_TEXT_MAX 2048               /* bytes of one log sentence; strangers may not fill the log */
#define WN_LOG_FIELD_CHARS 200             /* characters shown of one log field; likewise */
/* --- fetching ---- */
#define WN_FETCH_BODY_MAX (16u << 20)      /* decoded bytes of one answer; gzip bombs, endless bodies */
#define WN_FETCH_HEADERS_MAX (64u << 10)   /* bytes of response headers; header floods */
#define WN_FETCH_REDIRECTS_MAX 5           /* hops; redirect loops */
/* --- readers ---- */
#define WN_ITEMS_MAX 20000                 /* items of one answer */
#define WN_ITEM_BYTES_MAX (256u << 10)     /* bytes of one item's text; one item may not eat the batch */
#define WN_JSON_BYTES_MAX (16u << 20)      /* bytes of one JSON text */
#define WN_JSON_VALUES_MAX 2000000         /* values in one JSON text; jansson needs 40..80 bytes a byte */
#define WN_JSON_DEPTH_MAX 100              /* nesting */
#define WN_XML_DEPTH_MAX 256               /* element nesting; libxml2 push keeps a stack */
#define WN_TEXT_FIELD_MAX (64u << 10)      /* bytes of one text field kept (headline, body) */
#define WN_FEED_MEMORY_MAX (64u << 20)      /* bytes of arena one document may take; small elements blow up when parsed */
#define WN_REJECTS_MAX 200                 /* rejects of one answer kept with their reason; the rest is counted */
#define WN_XML_ATTRS_MAX 64                /* attributes of one element; libxml2 compares each with each */
#define WN_XML_TAG_MAX (64u << 10)         /* bytes of one tag; attribute floods */
#define WN_ITEM_LIST_MAX 64                /* categories, authors, links, enclosures of one item, each */
#define WN_OPML_FEEDS_MAX 10000           /* feeds of one OPML file */
#define WN_CSV_COLUMNS_MAX 256             /* columns of a CSV file */
#define WN_JSON_ITEM_VALUES_MAX 50000      /* values in one item */
/* --- signals ---- */
#define WN_HEADLINE_MAX 500                /* characters kept of a headline */
#define WN_URL_MAX 2048                    /* bytes of a URL kept */
#define WN_NAME_MAX 200                    /* characters of a company or person name */
#define WN_ATTR_TEXT_MAX 1000              /* bytes of one text attribute */
#define WN_SIGNALS_PER_ACCOUNT 2000        /* newest kept in view of a rule */
#define WN_WORDS_MAX 128                   /* words of one name, position or headline that are compared */
#define WN_ATTR_LIST_MAX 256               /* elements of a list attribute */
#define WN_KINDS_MAX 256                   /* kinds; variants of a CEL record */
#define WN_ATTRS_MAX 1024                  /* attributes over all kinds, and traits */
#define WN_MAPPINGS_WARM 16                /* mappings of feeds that keep their compiled programs; 40 KiB each */
#define WN_PUBLISHERS_MAX 64               /* publishers of one signal that are compared */
#define WN_POSITIONS_MAX 20000             /* phrases of the table of positions */
#define WN_POSITIONS_BYTES_MAX (4u << 20)  /* bytes of the table of positions */
#define WN_NEWS_TEXT_MAX 4000              /* bytes of a headline, and of a body, that extraction reads: news stand at the beginning */
#define WN_NEWS_FILE_MAX (1u << 20)        /* bytes of one file of patterns or words */
#define WN_NEWS_LISTS_MAX 512              /* word lists, with those that patterns write inline */
#define WN_NEWS_PATTERNS_MAX 500           /* patterns of the extraction */
#define WN_FX_COLUMNS_MAX 200              /* currencies of one day of a file of rates */
#define WN_EVIDENCE_MAX 32                 /* freshest kept for one member */
/* --- CEL ---- */
#define WN_CEL_TEXT_MAX (32u << 10)        /* bytes of one expression */
#define WN_CEL_DEPTH_MAX 250               /* nesting of the tree; recursion of parser and evaluator */
#define WN_CEL_TYPE_DEPTH_MAX 60           /* nesting of a type, dyn below; bindings make them deeper than the tree */
#define WN_CEL_NODES_MAX 20000             /* nodes after macro expansion */
#define WN_CEL_STEPS_MAX 1000000           /* evaluation steps; comprehensions over large lists */
#define WN_CEL_MEMORY_MAX (8u << 20)       /* bytes of one evaluation's arena */
/* --- configuration ---- */
#define WN_CONF_FILE_MAX (4u << 20)        /* bytes of one YAML file */
#define WN_CONF_DEPTH_MAX 32               /* nesting of one YAML document */
#define WN_CONF_NODES_MAX 200000           /* nodes of one YAML stream; a tree needs 30 to 100 bytes a byte */
#define WN_CONF_TEXT_MAX (64u << 10)       /* bytes of one scalar */
#define WN_CONF_ERRORS_MAX 20              /* errors of one check that are kept; the rest is counted */
#define WN_CONF_FILES_MAX 2000             /* files of one folder of feeds, sinks, kinds or traits */
#define WN_CONF_KIND_ATTRS_MAX 64           /* attributes of one kind */
#define WN_CONF_RULES_MAX 200              /* rules of one computed trait */
#define WN_CONF_THINGS_MAX 20000           /* feeds, sinks, kinds or traits of one configuration */
/* --- engine ---- */
#define WN_BACKTEST_VERDICTS_MAX 200000    /* verdicts kept of one backtest; each needs up to 4 KiB */
#define WN_SEQUENCE_MAX 64                 /* steps of a sequence */
#define WN_SINK_ANSWER_MAX (64u << 10)      /* bytes kept of what a sink answers; only its status matters */
#define WN_RENDERED_MAX (256u << 10)       /* bytes of one rendered touch */
#define WN_TEMPLATE_NODES_MAX 20000        /* tags and texts of one template */
#define WN_TEMPLATE_DEPTH_MAX 32           /* nesting of sections and partials; recursion of the renderer */
#define WN_TEMPLATE_STEPS_MAX 200000       /* nodes rendered for one text; sections over lists in sections over lists */
#define WN_BATCH_ITEMS 1000                /* items of one transaction */
#define WN_FSCK_ROWS_MAX 20                /* findings of one invariant that are shown */
/* --- loop, database, server ---- */
#define WN_FIBER_STACK (512u << 10)        /* bytes of address space of one fiber; only touched pages cost memory */
#define WN_FIBERS_MAX 1024                 /* fibers alive at once; a leak of work must not become a leak of memory */
#define WN_PG_ANSWER_MS 30000              /* ms without any answer until a session is given up */
#define WN_PG_CONNECT_MS 5000              /* ms for one host unless conninfo says connect_timeout */
#define WN_PG_QUEUE_BYTES (256u << 10)     /* bytes queued until they are sent on the way, answers read meanwhile */
#define WN_PG_PARAMS_MAX 65535             /* parameters of one statement; the protocol counts in 16 bits */
#define WN_PG_VARIANTS_MAX 16              /* prepared forms of one statement that differ in parameter types */
#define WN_ANSWERS_WAITING_MAX 2048        /* answers that wait for the intake: nothing more is asked */
#define WN_ANSWERS_WAITING_BYTES (32u << 20) /* of their bodies */
#define WN_ANSWER_PASSES_BYTES (1u << 20)  /* of an answer that may pass one under way; both documents are in memory then */
#define WN_QUIET_POLLS_MAX 512             /* polls without news written in one transaction */
#define WN_HTTP_REQUESTS_MAX 1000          /* requests under way at once */
#define WN_HTTP_REQUEST_HEADERS_MAX 64     /* headers of one request of ours */
#define WN_SERVER_HEADERS_MAX (16u << 10)  /* bytes of a request's headers; evhttp parses before it asks us */
#define WN_SERVER_BODY_MAX (1u << 20)      /* bytes of a request's body */
#define WN_SERVER_REPLY_MAX (16u << 20)    /* bytes of one answer */
#define WN_SERVER_CONNECTIONS_MAX 64       /* connections at once; file descriptors */
#define WN_SERVER_REQUEST_MS 30000         /* ms for a whole request to arrive; slow-loris clients */
#define WN_CREDENTIAL_MAX (64u << 10)      /* bytes of one credential file */
#define WN_LOG_VALUE_MAX 2048              /* bytes kept of one field's value, strangers' text */
#define WN_LOG_EVENT_MAX (64u << 10)       /* bytes of a delivered event (field WHYNOW_EVENT): never clipped, refused above */
#define WN_LOG_FIELDS_MAX 32               /* fields of one entry */

#endif
