/* SPDX-License-Identifier: MIT */
/*
 * The book: what configuration files and published segments say, compiled. Read only for everybody but the functions
 * here; a reload builds a new one beside it and swaps, or throws the new one away.
 *
 * Units of work yield to each other, so what one of them reads must not vanish under it: whoever keeps a catalogue over
 * a wait takes the book (wn_book_use) and gives it back (wn_book_done); replaced segments and replaced books are freed
 * when nobody uses them.
 */
#ifndef WN_DAEMON_BOOK_H
#define WN_DAEMON_BOOK_H

#include <whynow/conf.h>
#include <whynow/engine.h>
#include <whynow/match.h>

/* One feed of the configuration. A mapping that does not compile costs only its own feed. */
struct wn_book_feed {
	const struct wn_feed_conf *conf;
	struct wn_mapping *mapping; /* NULL: error says why */
	const struct wn_err *error; /* NULL: it can be used */
	struct wn_feed_view *view;  /* in catalog.feeds; the poller keeps `blind`, gaps and good_since up to date */
};

/* One sink of the configuration. */
struct wn_book_sink {
	const struct wn_sink_conf *conf;
	struct wn_sink_view *view;           /* in catalog.sinks; the courier keeps `off` up to date */
	struct wn_template *body, **headers; /* format: template, else NULL; headers[i] NULL: as it is written */
	enum wn_escape escape;               /* of the body */
};

struct wn_book {
	uint64_t number;              /* no two of this process have the same */
	struct wn_config *config;     /* owned */
	struct wn_arena *arena;       /* registry's texts, views */
	struct wn_registry *registry;
	struct wn_positions *positions;
	struct wn_news *news;         /* NULL: no feed extracts */
	struct wn_book_feed *feeds; size_t n_feeds;
	const struct wn_book_feed **by_name; /* the same, sorted */
	struct wn_sink_view *sinks; size_t n_sinks;
	struct wn_book_sink *sink_list; /* the same, in the same order */
	struct wn_feed_view *views;
	const char **channels;        /* of all sinks, NULL-terminated */
	struct wn_rules *rules;       /* environments, shared by all segments */
	struct cel_program *exclude;
	struct wn_catalog catalog;    /* hand out &catalog while in use */
	struct wn_book_zones *zones;
	/* segments in force, in no order, and older versions that live campaigns need; owned */
	struct wn_segment **segments; size_t n_segments, cap_segments;
	struct wn_segment **older; size_t n_older, cap_older;
	struct wn_segment_set in_force, kept; /* the same by name */
	struct wn_index *index;       /* rule number = position in segments */
	bool many;                    /* traits are indexed */
	struct wn_sequence *sequences; size_t n_sequences; /* stored ones, every version */
	struct wn_arena *sequences_arena;
	bool loaded;                  /* the published segments are in it: nothing is matched before */
	unsigned users;
	bool replaced;                /* free when the last user is done */
};

/* Takes config on success. Errors of single feeds are kept in their wn_book_feed; everything else fails. */
enum wn_rc wn_book_new(struct wn_config *config, const char *instance, struct wn_book **out, struct wn_err *err) WN_MUST_CHECK;
/* book_news.c: what extraction needs, if a feed extracts. */
enum wn_rc wn_book_news(struct wn_book *b, struct wn_err *err) WN_MUST_CHECK;
void wn_book_free(struct wn_book *b); /* NULL is fine; nobody may use it */
void wn_book_use(struct wn_book *b);
void wn_book_done(struct wn_book *b);
/* No new users from now on; freed with the last one. */
void wn_book_replace(struct wn_book *b);

/* Compiles a stored version and puts it in force (replacing an older one, which moves to `older`), or, with in_force false,
 * only among the older ones. paused: the stored flag. The error names line and column of the source. */
enum wn_rc wn_book_put_segment(struct wn_book *b, struct wn_str name, int version, struct wn_str source, bool in_force, bool paused,
			       struct wn_err *err) WN_MUST_CHECK;
/* Stored sequences, to be known before the segments that name them. Copies. */
void wn_book_set_sequences(struct wn_book *b, const struct wn_sequence *v, size_t n);
/* At a reload: everything that is compiled in `from`, in `to`. Fails if a version that is in force or still judged by would not
 * compile: an attribute that a published segment reads cannot be taken away (design 05). */
enum wn_rc wn_book_carry_segments(const struct wn_book *from, struct wn_book *to, struct wn_err *err) WN_MUST_CHECK;
/* Withdrawn: not matched any more; campaigns of it are judged by the version kept. */
void wn_book_withdraw(struct wn_book *b, struct wn_str name);
void wn_book_pause(struct wn_book *b, struct wn_str segment, bool paused); /* absent segment: everything */
/* There will be so many segments: tells the index in time. */
void wn_book_expect(struct wn_book *b, size_t segments);
/* True if rows[i] of wn_store_segments is to be compiled. */
struct wn_segment_row;
bool wn_book_wants_segment(const struct wn_book *b, const struct wn_segment_row *rows, size_t n, size_t i);
/* Puts rows[i] of wn_store_segments, with its source, where it belongs: in force if it is the newest usable version, else among the older ones if a
 * campaign needs it. Fails only for a version that should be in force and cannot be used. */
enum wn_rc wn_book_take_segment(struct wn_book *b, const struct wn_segment_row *rows, size_t n, size_t i, bool *in_force, struct wn_err *err)
	WN_MUST_CHECK;

const struct wn_book_feed *wn_book_feed_named(const struct wn_book *b, struct wn_str name);
const struct wn_book_sink *wn_book_sink_named(const struct wn_book *b, struct wn_str name);
/* Options for checking a segment against this book. */
struct wn_segment_options wn_book_segment_options(const struct wn_book *b);
/* Names of the sinks that take events of this type, NULL-terminated, in `a` (NULL: the book's own arena). */
const char *const *wn_sinks_for(const struct wn_book *b, const char *type, struct wn_arena *a);

struct wn_store;
/* Makes the reference tables say what the files say. Takes no turn. */
enum wn_rc wn_book_sync(const struct wn_book *b, struct wn_store *s, int64_t now_us, struct wn_err *err) WN_MUST_CHECK;

/* --- book_sinks.c, for book.c ---- */
enum wn_rc wn_book_make_sinks(struct wn_book *b, struct wn_err *err) WN_MUST_CHECK;
void wn_book_sinks_free(struct wn_book *b);

/* Shared by book.c and book_segments.c only. */
void wn_book_zones_attach(struct wn_book *b);
void wn_book_zones_free(struct wn_book *b);
void wn_book_index(struct wn_book *b);
void wn_book_segments_free(struct wn_book *b);

#endif
