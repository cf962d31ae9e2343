/* SPDX-License-Identifier: MIT */
/*
 * Rates of exchange from the ECB's reference CSV. The file is plain: no quotes, no blanks that matter. Every line is checked
 * by itself; nothing is kept but the columns of the head.
 */
#include "words.h"
#include <whynow/date.h>
#include <whynow/signal.h>

#include <math.h>
#include <stdlib.h>

struct head {
	char code[WN_FX_COLUMNS_MAX][4]; /* empty: not a currency */
	size_t n;
};

static struct wn_str cell(struct wn_str *line)
{
	const char *at = line->n ? memchr(line->p, ',', line->n) : NULL;
	struct wn_str c = at ? (struct wn_str){line->p, (size_t)(at - line->p)} : *line;

	*line = at ? (struct wn_str){at + 1, line->n - c.n - 1} : (struct wn_str){line->p + line->n, 0};
	return wn_text_trim(c);
}

static bool is_code(struct wn_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 'A' || s.p[i] > 'Z')
			return false;
	return s.n == 3;
}

static enum wn_rc read_head(struct wn_str line, struct wn_place at, struct head *h, struct wn_err *err)
{
	if (!wn_str_is(cell(&line), "Date"))
		return wn_fail_at(err, WN_INVALID, at, "expected the head \"Date,USD,JPY,...\" of the reference rates");
	while (line.n > 0) {
		if (h->n == WN_FX_COLUMNS_MAX)
			return wn_fail_at(err, WN_LIMIT, at, "more than %d columns", WN_FX_COLUMNS_MAX);
		struct wn_str c = cell(&line);
		if (is_code(c))
			memcpy(h->code[h->n], c.p, 3);
		h->n++;
	}
	return WN_OK;
}

/* Digits with one point, nothing else; 0: no rate. */
static double rate_of(struct wn_str s)
{
	double value = 0, unit = 0;

	if (s.n > 24)
		return 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.' && unit == 0 && i > 0) {
			unit = 0.1;
			continue;
		}
		if (s.p[i] < '0' || s.p[i] > '9')
			return 0;
		value = unit != 0 ? value + (s.p[i] - '0') * unit : value * 10 + (s.p[i] - '0');
		unit /= 10;
	}
	return value;
}

static enum wn_rc read_day(struct wn_str line, struct wn_place at, const struct head *h, void (*on_rate)(void *, const struct wn_fx_rate *),
			   void *ctx, struct wn_err *err)
{
	double rate[WN_FX_COLUMNS_MAX], usd = 0;
	struct wn_fx_rate r = {0};
	struct wn_str day = cell(&line);
	size_t n = 0;

	if (!wn_date_parse(day, &r.day_us))
		return wn_fail_at(err, WN_INVALID, at, "expected a day, found \"" WN_STR_FMT "\"", day.n < 40 ? (int)day.n : 40, day.p ? day.p : "");
	for (; line.n > 0 && n < h->n; n++) {
		rate[n] = rate_of(cell(&line));
		if (strcmp(h->code[n], "USD") == 0)
			usd = rate[n];
	}
	if (!(usd > 0))
		return WN_OK;
	memcpy(r.currency, "EUR", 4);
	r.usd = usd;
	on_rate(ctx, &r);
	for (size_t i = 0; i < n; i++) {
		if (!h->code[i][0] || !(rate[i] > 0) || strcmp(h->code[i], "USD") == 0)
			continue;
		memcpy(r.currency, h->code[i], 4);
		r.usd = usd / rate[i];
		if (isfinite(r.usd))
			on_rate(ctx, &r);
	}
	return WN_OK;
}

enum wn_rc wn_fx_read(struct wn_str csv, const char *file, void (*on_rate)(void *ctx, const struct wn_fx_rate *r), void *ctx,
		      struct wn_err *err)
{
	struct wn_place at = {.file = file, .line = 0};
	struct head *h = wn_alloc(sizeof(*h));
	enum wn_rc rc = WN_OK;

	while (rc == WN_OK && csv.n > 0) {
		const char *end = memchr(csv.p, '\n', csv.n);
		struct wn_str line = {csv.p, end ? (size_t)(end - csv.p) : csv.n};
		csv = end ? (struct wn_str){end + 1, csv.n - line.n - 1} : WN_STR("");
		line = wn_text_trim(line);
		at.line++;
		if (line.n)
			rc = h->n ? read_day(line, at, h, on_rate, ctx, err) : read_head(line, at, h, err);
	}
	if (rc == WN_OK && !h->n)
		rc = wn_fail_at(err, WN_INVALID, at, "expected the head \"Date,USD,JPY,...\" of the reference rates");
	free(h);
	return rc;
}
