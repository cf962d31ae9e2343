/* SPDX-License-Identifier: MIT */
/*
 * The instant of the next poll: hints, learned rhythm, backoff, skipped hours. Arithmetic only; what was
 * decided is told in one clause, so that `feed show` can say why.
 *
 * Learned: new items per second, both decayed with a half-life of a week, begun with the guess of one item in
 * two hours; the interval is half the expected gap, shorter for feeds whose items become signals.
 */
#include <whynow/schedule.h>

#include <whynow/date.h>

#include <math.h>
#include <stdio.h>

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define HALF_LIFE (7 * DAY)
#define GUESS_ITEMS 1.0
#define GUESS_SECONDS 7200.0

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

static void learn(struct wn_schedule_state *s, const struct wn_poll *poll, int64_t now_us)
{
	double dt = s->rate_us && now_us > s->rate_us ? (double)(now_us - s->rate_us) : 0.0;
	double keep = exp2(-dt / (double)HALF_LIFE);

	s->rate *= keep;
	s->weight = s->weight * keep + dt / (double)SECOND;
	s->rate_us = now_us;
	if (poll->first || poll->outcome != WN_POLL_ITEMS || poll->new_items <= 0)
		return;
	s->rate += poll->new_items;
	double share = (double)poll->signals / poll->new_items;
	double step = fmin(1.0, poll->new_items / 20.0);
	s->worth += (fmin(1.0, fmax(0.0, share)) - s->worth) * step;
}

static double rate_of(const struct wn_schedule_state *s)
{
	return (s->rate + GUESS_ITEMS) / (s->weight + GUESS_SECONDS);
}

static int64_t learned_interval(const struct wn_schedule_state *s)
{
	double us = (double)SECOND / rate_of(s) / 2.0 / (1.0 + s->worth);

	return us > (double)(30 * DAY) ? 30 * DAY : (int64_t)us;
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

static int64_t after_success(struct wn_schedule_state *s, int64_t floor, int64_t ceiling, int64_t hint_max,
			     const struct wn_poll *poll, char *why, size_t size)
{
	struct hint hint = server_hint(poll);
	int64_t learned = learned_interval(s), asked = min64(hint.us, hint_max), us = max64(asked, learned);
	const char *bound = "";
	char told[40], took[40], most[40];

	if (us < floor)
		us = floor, bound = ", raised to floor";
	if (us > ceiling)
		us = ceiling, bound = ", lowered to ceiling";
	span_text(us, took);
	if (hint.name && asked >= learned) {
		span_text(hint.us, told);
		span_text(hint_max, most);
		snprintf(why, size, "%s: %s says %s%s%s%s%s", took, hint.name, told, hint.us > hint_max ? " (at most " : "",
			 hint.us > hint_max ? most : "", hint.us > hint_max ? " is believed)" : "", bound);
	} else {
		span_text(learned, told);
		snprintf(why, size, "%s: learned %s (%.3g items a day)%s", took, told, rate_of(s) * 86400.0,
			 bound);
	}
	return us;
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

static int64_t after_failure(struct wn_schedule_state *s, int64_t floor, int64_t backoff_max, int64_t hint_max,
			     const struct wn_poll *poll, char *why, size_t size)
{
	int doublings = s->failures > 20 ? 20 : s->failures - 1;
	int64_t us = first_wait(poll->outcome, floor);
	char took[40];

	while (doublings-- > 0 && us < backoff_max)
		us *= 2;
	us = min64(us, backoff_max);
	bool told = poll->http.retry_after_us >= 0;
	if (told)
		us = min64(max64(poll->http.retry_after_us, MINUTE), hint_max);
	span_text(us, took);
	snprintf(why, size, "%s: %s, failure %d in a row%s", took, wn_poll_outcome_to_text(poll->outcome),
		 (int)s->failures, told ? ", Retry-After" : "");
	return us;
}

static bool is_success(enum wn_poll_outcome o)
{
	return o == WN_POLL_ITEMS || o == WN_POLL_NOT_MODIFIED;
}

static void count(struct wn_schedule_state *s, const struct wn_poll *poll, int64_t now_us)
{
	s->last_us = now_us;
	s->gone = poll->outcome == WN_POLL_GONE ? s->gone + 1 : 0;
	if (!is_success(poll->outcome)) {
		s->failures += s->failures < INT32_MAX;
		return;
	}
	s->failures = 0;
	learn(s, poll, now_us);
}

struct wn_next_poll wn_schedule_next(struct wn_schedule_state *state, const struct wn_schedule_config *config,
				     const struct wn_poll *poll, int64_t now_us, uint64_t seed)
{
	int64_t floor = config->floor_us > 0 ? config->floor_us : 5 * MINUTE;
	int64_t ceiling = max64(config->ceiling_us > 0 ? config->ceiling_us : DAY, floor);
	int64_t hint_max = config->hint_max_us > 0 ? config->hint_max_us : DAY;
	int64_t backoff_max = config->backoff_max_us > 0 ? config->backoff_max_us : DAY;
	double jitter = config->jitter > 0 ? config->jitter : config->jitter < 0 ? 0 : 0.1;
	struct wn_next_poll next = {0};

	count(state, poll, now_us);
	if (state->gone >= 2) {
		next = (struct wn_next_poll){.next_us = INT64_MAX, .stopped = true, .interval_us = INT64_MAX};
		snprintf(next.why, sizeof(next.why), "stopped: 410 Gone seen twice; start it again by hand");
		return next;
	}
	bool success = is_success(poll->outcome);
	next.interval_us = success ? after_success(state, floor, ceiling, hint_max, poll, next.why, sizeof(next.why))
				   : after_failure(state, floor, backoff_max, hint_max, poll, next.why, sizeof(next.why));
	/* Later, never sooner; more after a failure, so that hosts are not met by a crowd. */
	double spread = (double)next.interval_us * (success ? jitter : 2.5 * jitter) * chance(seed, now_us);
	int64_t at = now_us + next.interval_us + (int64_t)spread;
	next.next_us = success ? wn_schedule_skip(at, &poll->feed) : at;
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
