/* SPDX-License-Identifier: MIT */
/* `fx import`: rates of exchange for sums in other currencies, from the ECB's reference CSV. */
#include "parts.h"
#include <whynow/date.h>

enum { FILE_MAX = 64 << 20 };

struct rates {
	struct wn_arena *arena;
	WN_VEC(struct wn_fx_rate) v;
	int64_t first_us, last_us;
};

static void on_rate(void *ctx, const struct wn_fx_rate *r)
{
	struct rates *x = ctx;
	if (!x->v.n || r->day_us < x->first_us)
		x->first_us = r->day_us;
	if (!x->v.n || r->day_us > x->last_us)
		x->last_us = r->day_us;
	*WN_PUSH(x->arena, &x->v) = *r;
}

static const char *day_text(struct wn_cli *cli, int64_t us)
{
	char text[40];
	wn_rfc3339_from_us(us, text);
	return wn_arena_printf(cli->arena, "%.10s", text);
}

static int run(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	struct rates x = {.arena = cli->arena};
	struct wn_str text;
	struct wn_err err = {0};
	int64_t changed = 0;
	int code = cli_read_file(cli, argv[0], FILE_MAX, &text);
	if (code)
		return code;
	enum wn_rc rc = wn_fx_read(text, argv[0], on_rate, &x, &err);
	if (rc)
		return cli_fail(cli, rc, &err);
	if (!x.v.n)
		return cli_error(cli, WN_EXIT_INVALID, "%s: no rate in it", argv[0]);
	if ((code = cli_connect(cli)))
		return code;
	rc = wn_store_fx_put(cli->store, x.v.v, x.v.n, &changed, &err);
	if (rc)
		return cli_fail(cli, rc, &err);
	cli_say(cli, "%zu rates from %s to %s: %lld new or changed", x.v.n, day_text(cli, x.first_us), day_text(cli, x.last_us), (long long)changed);
	return WN_EXIT_DONE;
}

const struct wn_command command_fx_import = {
    .name = "fx import",
    .args = "FILE",
    .min_args = 1,
    .max_args = 1,
    .summary = "rates of exchange from the ECB's reference CSV",
    .more = "The file is eurofxref.csv (one day) or eurofxref-hist.csv (all days), unzipped; - reads standard input. A sum in another "
	    "currency gets its amount_usd by the rate of its day or of the week before; without one amount_usd stays missing. Rates "
	    "that are there already are left as they are or corrected; what is stored of signals does not change.",
    .run = run,
};
