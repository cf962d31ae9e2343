/* SPDX-License-Identifier: MIT */
/* The daemon's own command line: few options, all long. Everything else is configuration. */
#include "daemon.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <whynow/date.h>

enum { OPT_CONFIG = 1000, OPT_SET, OPT_CHECK, OPT_TRY, OPT_ACCELERATE, OPT_START, OPT_HELP, OPT_VERSION };

static const struct option longs[] = {
	{"config", required_argument, NULL, OPT_CONFIG},   {"set", required_argument, NULL, OPT_SET},
	{"check", no_argument, NULL, OPT_CHECK},           {"try", no_argument, NULL, OPT_TRY},
	{"accelerate", required_argument, NULL, OPT_ACCELERATE}, {"start", required_argument, NULL, OPT_START},
	{"help", no_argument, NULL, OPT_HELP},             {"version", no_argument, NULL, OPT_VERSION},
	{NULL, 0, NULL, 0},
};

static const char help[] =
	"Usage: whynowd [OPTION]...\n"
	"Watch feeds for buying signals and keep time-boxed micro campaigns in PostgreSQL.\n"
	"\n"
	"  --config FILE      main file [/etc/whynow/whynow.yaml]\n"
	"  --set NAME=VALUE   override one option of the main file; may be repeated\n"
	"  --check            read the configuration, say what is wrong, and exit\n"
	"  --try              demonstration mode; allows the next two options\n"
	"  --accelerate N     the clock runs N times as fast\n"
	"  --start TIME       the clock starts at this RFC 3339 time\n"
	"  --help, --version\n"
	"\n"
	"Signals: HUP reloads, TERM and INT stop. Exit codes: 0 stopped, 1 failed, 2 usage, 78 configuration refused.\n";

static int usage(const char *what)
{
	fprintf(stderr, "whynowd: %s; `whynowd --help` shows the options\n", what);
	return 3;
}

static void add_set(struct wn_arguments *a, const char *set)
{
	size_t n = 0;
	while (a->sets && a->sets[n])
		n++;
	const char **more = wn_realloc((void *)a->sets, (n + 2) * sizeof(*more));
	more[n] = set;
	more[n + 1] = NULL;
	a->sets = more;
}

static int take(struct wn_arguments *a, int opt)
{
	char *end;
	switch (opt) {
	case OPT_CONFIG:
		a->config_path = optarg;
		return 0;
	case OPT_SET:
		add_set(a, optarg);
		return 0;
	case OPT_CHECK:
		a->check_only = true;
		return 0;
	case OPT_TRY:
		a->try_mode = true;
		return 0;
	case OPT_ACCELERATE:
		a->accelerate = strtod(optarg, &end);
		return *end || a->accelerate < 1 || a->accelerate > 1e6 ? usage("--accelerate wants a number from 1 to 1000000") : 0;
	case OPT_START:
		return wn_date_parse(wn_str_of(optarg), &a->start_us) ? 0 : usage("--start wants an RFC 3339 time");
	case OPT_HELP:
		fputs(help, stdout);
		return 1;
	case OPT_VERSION:
		puts("whynowd " WN_VERSION);
		return 1;
	default:
		return usage("unknown option");
	}
}

int wn_arguments_parse(struct wn_arguments *a, int argc, char **argv)
{
	int opt, rc = 0;
	*a = (struct wn_arguments){.config_path = "/etc/whynow/whynow.yaml"};
	opterr = 0;
	while (rc == 0 && (opt = getopt_long(argc, argv, "", longs, NULL)) != -1)
		rc = take(a, opt);
	if (rc == 0 && optind < argc)
		rc = usage("takes no arguments");
	if (rc == 0 && (a->accelerate || a->start_us) && !a->try_mode)
		rc = usage("--accelerate and --start are for --try only");
	return rc;
}
