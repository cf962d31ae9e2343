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

#endif
