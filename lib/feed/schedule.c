/* SPDX-License-Identifier: MIT */
/*
 * The instant of the next poll: hints, learned rhythm, backoff, skipped hours. Arithmetic only; what was
 * decided is told in one clause, so that `feed show` can say why.
 *
 * Learned: rhythm.h. What a server asks for is believed; what nobody means of a feed (years: a static file's default), up to where
 * something is due; what it says to skip, in hours in which nothing ever came.
 */
#include <whynow/schedule.h>

#include <whynow/date.h>

#include <math.h>
#include <stdio.h>

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define PRICE 150.0 /* about 24 requests a day for a feed of the usual mixture */
#define KNOWN 3.0 /* so often something came: its rhythm is more than a guess */
#define WORTH 10.0 /* an item that becomes a signal counts as eleven */

struct bounds {
	int64_t floor, ceiling, hint_max, backoff_max;
	double price, jitter;
};

static const char *const outcome_names[] = {
#define X(name, text) [WN_POLL_##name] = text,
    WN_POLL_OUTCOME_LIST(X)
#undef X
};

const char *wn_poll_outcome_to_text(enum wn_poll_outcome o)
{
	return (size_t)o < WN_COUNT(outcome_names) ? outcome_names[o] : "unknown";
}

bool wn_poll_outcome_from_text(struct wn_str text, enum wn_poll_outcome *out)
{
	for (size_t i = 0; i < WN_COUNT(outcome_names); i++)
		if (wn_str_is(text, outcome_names[i])) {
			*out = (enum wn_poll_outcome)i;
			return true;
		}
	return false;
}

static int64_t max64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}
static int64_t min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* SplitMix64 (Steele, Lea, Flood 2014): 0 <= u < 1. */
static double chance(uint64_t seed, int64_t now_us)
{
	uint64_t z = seed + (uint64_t)now_us * UINT64_C(0x9E3779B97F4A7C15) + UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return (double)((z ^ z >> 31) >> 11) / 9007199254740992.0;
}

/* --- learning
 * ------------------------------------------------------------------------------------------------- */

/* Of the last twenty new items or so, the share that became signals. */
static void learn_worth(struct wn_schedule_state *s, const struct wn_poll *poll)
{
	if (poll->first || poll->outcome != WN_POLL_ITEMS || poll->new_items <= 0)
		return;
	double share = (double)poll->signals / poll->new_items;
	double step = fmin(1.0, poll->new_items / 20.0);
	s->worth += (fmin(1.0, fmax(0.0, share)) - s->worth) * step;
}

/* --- hints
 * -------------------------------------------------------------------------------------------------------- */

struct hint {
	int64_t us;
	const char *name;
};

static void consider(struct hint *best, int64_t us, const char *name)
{
	if (us > best->us)
		*best = (struct hint){us, name};
}

static struct hint server_hint(const struct wn_poll *poll)
{
	struct hint best = {0, NULL};

	if (!poll->http.no_cache) {
		consider(&best, poll->http.max_age_us, "max-age");
		if (poll->http.max_age_us < 0) /* RFC 9111 5.3: max-age outranks Expires */
			consider(&best, poll->http.expires_us, "Expires");
	}
	consider(&best, poll->http.poll_interval_us, "X-Poll-Interval");
	consider(&best, poll->feed.ttl_us, "ttl");
	consider(&best, poll->feed.update_us, "sy:updatePeriod");
	return best;
}

static bool is_skipped(int64_t at_us, const struct wn_feed_hints *h)
{
	int64_t day = at_us / DAY - (at_us % DAY < 0), hour = (at_us - day * DAY) / HOUR;
	int64_t weekday = ((day + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */

	return (h->skip_hours >> hour & 1) || (h->skip_days >> weekday & 1);
}

int64_t wn_schedule_skip(int64_t at_us, const struct wn_feed_hints *hints)
{
	int64_t t = at_us;

	if (!(hints->skip_hours & 0xFFFFFF) && !(hints->skip_days & 0x7F))
		return at_us;
	for (int i = 0; i < 8 * 24 && is_skipped(t, hints); i++)
		t = (t / HOUR - (t % HOUR < 0) + 1) * HOUR;
	return is_skipped(t, hints) ? at_us : t;
}

/* --- deciding
 * -------------------------------------------------------------------------------------------------------- */

static void span_text(int64_t us, char out[40])
{
	if (us >= 2 * HOUR)
		us -= us % (15 * MINUTE);
	else if (us >= 2 * MINUTE)
		us -= us % MINUTE;
	else
		us -= us % SECOND;
	wn_duration_to_text(us, out);
}

/* As many digits as tell something: 0.004, 0.499, 2.51, 31.4, 1205. */
static void number_text(double v, char out[40])
{
	char digits[40], *p = digits + sizeof(digits) - 1;
	int decimals = v < 1 ? 3 : v < 10 ? 2 : v < 100 ? 1 : 0;
	int64_t n = v < 1e15 ? (int64_t)(v * (decimals == 3 ? 1000 : decimals == 2 ? 100 : decimals ? 10 : 1) + 0.5) : (int64_t)1e15;

	if (v > 0 && n == 0) {
		memcpy(out, "next to none", sizeof("next to none"));
		return;
	}
	for (; decimals && n % 10 == 0; decimals--)
		n /= 10;
	*p = '\0';
	for (int i = 0; i < decimals; i++, n /= 10)
		*--p = (char)('0' + n % 10);
	if (decimals)
		*--p = '.';
	p = wn_digits(p, (uint64_t)n);
	memcpy(out, p, (size_t)(digits + sizeof(digits) - p));
}

/* What is decided of one poll, and how much later than that would do as well. */
struct wait {
	int64_t us, slack_us;
};

static struct wait after_success(const struct wn_schedule_state *s, const struct wn_rhythm *rhythm, const struct bounds *b, const struct wn_poll *poll,
				 int64_t now_us, char *why, size_t size)
{
	struct wn_rhythm_plan plan = wn_rhythm_plan(rhythm, now_us, b->floor, b->ceiling, b->price, 1.0 + WORTH * s->worth, b->jitter);
	struct hint hint = server_hint(poll);
	/* What is longer than anybody may ask for was not said of a feed, and of a feed that we know its own items say more: then the
	 * server is believed where nothing is due. */
	bool whole = hint.us <= b->hint_max && plan.batches < KNOWN;
	int64_t most = whole ? b->hint_max : min64(b->hint_max, max64(plan.soon_us, b->floor));
	int64_t asked = min64(min64(hint.us, most), b->ceiling);
	char told[40], took[40], believed[40];

	span_text(max64(asked, plan.us), took);
	if (hint.name && asked > plan.us) {
		span_text(hint.us, told);
		span_text(most, believed);
		snprintf(why, size, "%s: %s says %s%s%s%s", took, hint.name, told, hint.us > asked ? " (at most " : "", hint.us > asked ? believed : "",
			 hint.us > asked ? " is believed)" : "");
		return (struct wait){asked, (int64_t)((double)asked * b->jitter)};
	}
	number_text(plan.a_day, told);
	number_text(plan.expected, believed);
	snprintf(why, size, "%s: learned, %s items a day and %s by then%s", took, told, believed,
		 plan.us == b->floor ? ", not below the floor" : plan.us == b->ceiling ? ", not above the ceiling" : "");
	return (struct wait){plan.us, plan.slack_us};
}

/* First wait of each kind of failure; it doubles with every further one. */
static int64_t first_wait(enum wn_poll_outcome o, int64_t floor)
{
	switch (o) {
	case WN_POLL_DENIED:
	case WN_POLL_GONE:
		return max64(floor, HOUR);
	case WN_POLL_THROTTLED:
		return max64(floor, 10 * MINUTE);
	case WN_POLL_BROKEN:
		return max64(floor, 15 * MINUTE);
	default:
		return max64(floor, 5 * MINUTE);
	}
}

static struct wait after_failure(const struct wn_schedule_state *s, const struct bounds *b, const struct wn_poll *poll, char *why, size_t size)
{
	int doublings = s->failures > 20 ? 20 : s->failures - 1;
	int64_t us = first_wait(poll->outcome, b->floor);
	char took[40];

	while (doublings-- > 0 && us < b->backoff_max)
		us *= 2;
	us = min64(us, b->backoff_max);
	bool told = poll->http.retry_after_us >= 0;
	if (told)
		us = min64(max64(poll->http.retry_after_us, MINUTE), b->hint_max);
	span_text(us, took);
	snprintf(why, size, "%s: %s, failure %d in a row%s", took, wn_poll_outcome_to_text(poll->outcome),
		 (int)s->failures, told ? ", Retry-After" : "");
	return (struct wait){us, (int64_t)(2.5 * b->jitter * (double)us)};
}

static bool is_success(enum wn_poll_outcome o)
{
	return o == WN_POLL_ITEMS || o == WN_POLL_NOT_MODIFIED;
}

static void learn_rhythm(struct wn_rhythm *r, const struct wn_poll *poll, int64_t now_us)
{
	bool brought = !poll->first && poll->outcome == WN_POLL_ITEMS && poll->new_items > 0;
	size_t n = brought ? (size_t)poll->new_items : 0;

	wn_rhythm_learn(r, poll->published_us, n < poll->published_n ? n : poll->published_n, n, now_us);
}

static void count(struct wn_schedule_state *s, struct wn_rhythm *rhythm, const struct wn_poll *poll, int64_t now_us)
{
	s->last_us = now_us;
	s->gone = poll->outcome == WN_POLL_GONE ? s->gone + 1 : 0;
	if (!is_success(poll->outcome)) {
		s->failures += s->failures < INT32_MAX;
		return;
	}
	s->failures = 0;
	learn_worth(s, poll);
	learn_rhythm(rhythm, poll, now_us);
}

static struct bounds bounds_of(const struct wn_schedule_config *c)
{
	struct bounds b = {
	    .floor = c->floor_us > 0 ? c->floor_us : 5 * MINUTE,
	    .hint_max = c->hint_max_us > 0 ? c->hint_max_us : DAY,
	    .backoff_max = c->backoff_max_us > 0 ? c->backoff_max_us : DAY,
	    .price = c->price > 0 ? c->price : PRICE,
	    .jitter = c->jitter > 0 ? c->jitter : c->jitter < 0 ? 0 : 0.1,
	};
	b.ceiling = max64(c->ceiling_us > 0 ? c->ceiling_us : DAY, b.floor);
	return b;
}

/* Hours that the feed says it sleeps, less those in which items came. */
static struct wn_feed_hints asleep(const struct wn_rhythm *r, struct wn_feed_hints h)
{
	for (int hour = 0; h.skip_hours && hour < 24; hour++)
		if (wn_rhythm_is_awake(r, hour))
			h.skip_hours &= ~(UINT32_C(1) << hour);
	return h;
}

struct wn_next_poll wn_schedule_next(struct wn_schedule_state *state, struct wn_rhythm *rhythm, const struct wn_schedule_config *config,
				     const struct wn_poll *poll, int64_t now_us, uint64_t seed)
{
	struct bounds b = bounds_of(config);
	struct wn_next_poll next = {0};

	count(state, rhythm, poll, now_us);
	if (state->gone >= 2) {
		next = (struct wn_next_poll){.next_us = INT64_MAX, .stopped = true, .interval_us = INT64_MAX};
		snprintf(next.why, sizeof(next.why), "stopped: 410 Gone seen twice; start it again by hand");
		return next;
	}
	bool success = is_success(poll->outcome);
	struct wait w = success ? after_success(state, rhythm, &b, poll, now_us, next.why, sizeof(next.why))
				: after_failure(state, &b, poll, next.why, sizeof(next.why));
	/* Later, never sooner; more after a failure, so that hosts are not met by a crowd. */
	int64_t at = now_us + w.us + (int64_t)((double)w.slack_us * chance(seed, now_us));
	struct wn_feed_hints hints = asleep(rhythm, poll->feed);
	next.interval_us = w.us;
	next.next_us = success ? wn_schedule_skip(at, &hints) : at;
	if (next.next_us != at) {
		size_t n = strlen(next.why);
		snprintf(next.why + n, sizeof(next.why) - n, ", put off past skipHours/skipDays");
	}
	return next;
}

int64_t wn_schedule_first(const struct wn_schedule_state *state, int64_t due_us, int64_t now_us,
			  int64_t spread_us, uint64_t seed)
{
	if (due_us > now_us)
		return due_us;
	(void)state;
	return now_us + (int64_t)((double)(spread_us > 0 ? spread_us : 0) * chance(seed, 0));
}
