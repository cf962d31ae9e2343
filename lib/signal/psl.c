/* SPDX-License-Identifier: MIT */
/*
 * Registrable domains by the Public Suffix List, its private part included (a name under github.io is its
 * tenant's). The only user of libpsl; the list is the one that libpsl carries, so that nothing is read from
 * disk.
 */
#include "words.h"
#include <whynow/signal.h>

#include <libpsl.h>

bool wn_domain_registrable(struct wn_str host_or_url, struct wn_arena *a, struct wn_str *out)
{
	struct wn_str host;

	if (!wn_domain_host(host_or_url, a, &host))
		return false;
	const char *registrable = psl_registrable_domain(psl_builtin(), wn_arena_strdup(a, host));
	if (!registrable)
		return false;
	*out = wn_str_of(registrable); /* a tail of the copy in the arena */
	return true;
}
