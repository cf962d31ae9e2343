/* SPDX-License-Identifier: MIT */
/* Shared by account.c and account_print.c only. */
#ifndef WN_CLI_ACCOUNT_H
#define WN_CLI_ACCOUNT_H

#include "parts.h"

struct screen {
	bool detail; /* `why` */
	struct wn_value account;
	struct cli_rows members, non_actions, signals, rechecks;
};
void account_print(struct wn_cli *cli, const struct screen *s);
const char *account_person(struct wn_cli *cli, struct wn_value member);

/* account_next.c: what happens next by time alone, the soonest first. */
struct next_step {
	int64_t at_us;
	const char *what;
};
size_t account_next(struct wn_cli *cli, const struct screen *s, struct next_step **out);
void account_print_next(struct wn_cli *cli, const struct screen *s);

#endif
