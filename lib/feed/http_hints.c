/* SPDX-License-Identifier: MIT */
/*
 * What the headers of an answer say of when to come again: Cache-Control, Age, Expires, Date (RFC 9111),
 * Retry-After (RFC 9110 10.2.3), X-Poll-Interval. Unreadable values say nothing.
 */
#include <whynow/date.h>
#include <whynow/schedule.h>
#include <whynow/text.h>

#include <strings.h>

#define SECOND INT64_C(1000000)
#define SECONDS_MAX INT64_C(1000000000) /* 31 years; more is no number but a mistake */

static bool is(struct wn_str s, const char *what)
{
	return s.n == strlen(what) && !strncasecmp(s.p, what, s.n);
}

/* Whole seconds; a fraction is dropped, anything else is no number. */
static bool seconds_of(struct wn_str s, int64_t *out)
{
	int64_t v = 0;
	size_t i = 0;

	s = wn_text_trim(s);
	for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
		v = v > SECONDS_MAX ? v : v * 10 + (s.p[i] - '0');
	if (!i || (i < s.n && s.p[i] != '.'))
		return false;
	for (size_t j = i + 1; j < s.n; j++)
		if (s.p[j] < '0' || s.p[j] > '9')
			return false;
	*out = (v < SECONDS_MAX ? v : SECONDS_MAX) * SECOND;
	return true;
}

bool wn_retry_after_parse(struct wn_str value, int64_t now_us, int64_t *out_us)
{
	int64_t at;

	value = wn_text_trim(value);
	if (seconds_of(value, out_us))
		return true;
	if (!value.n || (value.p[0] >= '0' && value.p[0] <= '9') || value.p[0] == '-' ||
	    !wn_date_parse(value, &at))
		return false;
	*out_us = at > now_us ? at - now_us : 0;
	return true;
}

static void take_directive(struct wn_http_hints_work *w, struct wn_str one)
{
	const char *eq = memchr(one.p, '=', one.n);
	struct wn_str name = wn_text_trim(eq ? (struct wn_str){one.p, (size_t)(eq - one.p)} : one),
		      value = {NULL, 0};

	if (eq)
		value = wn_text_trim((struct wn_str){eq + 1, (size_t)(one.p + one.n - eq - 1)});
	if (value.n >= 2 && value.p[0] == '"')
		value.p++, value.n -= 2;
	if (is(name, "no-cache") || is(name, "no-store"))
		w->no_cache |= !value.n; /* no-cache="field" is about that field only */
	else if (is(name, "max-age") && !w->has_max_age)
		w->has_max_age = seconds_of(value, &w->max_age_us);
}

static void take_cache_control(struct wn_http_hints_work *w, struct wn_str value)
{
	const char *p = value.p, *end = p + value.n;

	while (p < end) {
		const char *comma = memchr(p, ',', (size_t)(end - p));
		comma = comma ? comma : end;
		struct wn_str one = wn_text_trim((struct wn_str){p, (size_t)(comma - p)});
		if (one.n)
			take_directive(w, one);
		p = comma + 1;
	}
}

void wn_http_hints_take(struct wn_http_hints_work *work, struct wn_str name, struct wn_str value,
			int64_t now_us)
{
	if (!value.p)
		return;
	if (is(name, "cache-control"))
		take_cache_control(work, value);
	else if (is(name, "age"))
		work->has_age = seconds_of(value, &work->age_us);
	else if (is(name, "date"))
		work->has_date = wn_date_parse(value, &work->date_us);
	else if (is(name, "expires")) {
		work->has_expires = true; /* RFC 9111 5.3: an invalid date, above all "0", is in the past */
		if (wn_text_trim(value).n < 8 || !wn_date_parse(value, &work->expires_at_us))
			work->expires_at_us = INT64_MIN;
	} else if (is(name, "x-poll-interval"))
		work->has_poll = seconds_of(value, &work->poll_us);
	else if (is(name, "retry-after"))
		work->has_retry = wn_retry_after_parse(value, now_us, &work->retry_us);
}

struct wn_http_hints wn_http_hints_done(const struct wn_http_hints_work *work, int64_t now_us)
{
	struct wn_http_hints h = wn_http_hints_none();

	h.no_cache = work->no_cache;
	if (work->has_max_age) {
		h.max_age_us = work->max_age_us - (work->has_age ? work->age_us : 0);
		h.max_age_us = h.max_age_us > 0 ? h.max_age_us : 0;
	}
	if (work->has_expires) {
		int64_t from = work->has_date ? work->date_us : now_us;
		h.expires_us = work->expires_at_us > from ? work->expires_at_us - from : 0;
	}
	if (work->has_poll)
		h.poll_interval_us = work->poll_us;
	if (work->has_retry)
		h.retry_after_us = work->retry_us;
	return h;
}
