/* SPDX-License-Identifier: MIT */
/* Ids for people: the shortest prefix that is unique, at least seven characters; and from what people type to
 * ids. */
#include "parts.h"

enum { DIGITS_MIN = 7, DIGITS_SIGNAL = 10 };

const char *cli_short(struct wn_cli *cli, struct wn_id id, size_t digits)
{
	char hex[33];
	wn_hex(id.b, sizeof(id.b), hex);
	return wn_arena_strdup(cli->arena, (struct wn_str){hex, digits > 32 ? 32 : digits});
}

/* Signals have no index over all accounts: ten digits are unique with a chance of a million to one among
 * millions. */
const char *cli_signal_id(struct wn_cli *cli, struct wn_id id)
{
	return cli_short(cli, id, DIGITS_SIGNAL);
}

static size_t common_digits(struct wn_id a, struct wn_id b)
{
	size_t n = 0;
	while (n < 32 && ((a.b[n / 2] ^ b.b[n / 2]) & (n % 2 ? 0x0f : 0xf0)) == 0)
		n++;
	return n;
}

const char *cli_campaign_id(struct wn_cli *cli, struct wn_id id)
{
	WN_CLEANUP(wn_pg_result_done) struct wn_pg_result r = {0};
	size_t digits = DIGITS_MIN;
	if (wn_store_read(cli->store, "campaign_neighbours", WN_PARAMS(wn_pg_ids(cli->arena, &id, 1)), &r,
			  NULL) == WN_OK)
		for (int col = 1; r.rows && col <= 2; col++) {
			size_t common =
			    wn_pg_is_null(&r, 0, col) ? 0 : common_digits(id, wn_pg_get_id(&r, 0, col));
			digits = common >= digits ? common + 1 : digits;
		}
	return cli_short(cli, id, digits);
}

static int found(struct wn_cli *cli, const char *what, const char *text, enum wn_rc rc,
		 const struct wn_err *err)
{
	if (rc == WN_NOT_FOUND)
		return cli_error(cli, WN_EXIT_NOT_FOUND, "no %s \"%s\"", what, text);
	return rc ? cli_fail(cli, rc, err) : 0;
}

/* Text for ILIKE that means itself anywhere in a name. */
static const char *anywhere(struct wn_cli *cli, const char *text)
{
	struct wn_buf b;
	wn_buf_init(&b, 500);
	wn_buf_char(&b, '%');
	for (; *text && b.n < 400; text++) {
		if (*text == '%' || *text == '_' || *text == '\\')
			wn_buf_char(&b, '\\');
		wn_buf_char(&b, *text);
	}
	wn_buf_char(&b, '%');
	const char *pattern = wn_arena_strdup(cli->arena, wn_buf_slice(&b));
	wn_buf_done(&b);
	return pattern;
}

void cli_hint_accounts(struct wn_cli *cli, const char *text)
{
	struct cli_rows rows;
	struct wn_buf b;
	if (strlen(text) < 3 ||
	    cli_read(cli, "accounts_like", WN_PARAMS(wn_pg_text(anywhere(cli, text)), wn_pg_int8(5)), &rows) ||
	    !rows.n)
		return;
	wn_buf_init(&b, 1000);
	for (size_t i = 0; i < rows.n; i++)
		wn_buf_printf(&b, "%s%s", i ? ", " : "", row_text(cli, rows.v[i], "account"));
	cli_hint(cli, "there is: %s", b.p);
	wn_buf_done(&b);
}

int cli_find_account(struct wn_cli *cli, const char *text, struct wn_id *out)
{
	struct wn_err err = {0};
	int code =
	    found(cli, "account", text, wn_store_find_account(cli->store, wn_str_of(text), out, &err), &err);
	if (code == WN_EXIT_NOT_FOUND)
		cli_hint_accounts(cli, text);
	return code;
}

int cli_find_campaign(struct wn_cli *cli, const char *text, struct wn_ref_id *out)
{
	struct wn_err err = {0};
	int code =
	    found(cli, "campaign", text, wn_store_find_campaign(cli->store, wn_str_of(text), out, &err), &err);
	if (code == WN_EXIT_NOT_FOUND)
		cli_hint(cli, "`whynow campaign list --all` shows them; any unique start of an id (7 "
			      "characters or more) will do");
	return code;
}

int cli_find_signal(struct wn_cli *cli, const char *text, struct wn_ref_id *out)
{
	struct wn_err err = {0};
	int code =
	    found(cli, "signal", text, wn_store_find_signal(cli->store, wn_str_of(text), out, &err), &err);
	if (code == WN_EXIT_NOT_FOUND)
		cli_hint(cli, "`whynow signal list` and `whynow ACCOUNT` show them");
	return code;
}
