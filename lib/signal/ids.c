/* SPDX-License-Identifier: MIT */
/*
 * Content-derived ids of accounts, contacts, sightings and signals (design 04). The same fact gives the same id
 * on every instance and in every order; what is hashed is written in whynow/signal.h and never changes.
 */
#include <whynow/signal.h>

#include <stdio.h>

struct wn_id wn_account_id_of_domain(struct wn_str registrable)
{
	return wn_id_of("account", (struct wn_str[]){WN_STR("d"), registrable}, 2);
}

struct wn_id wn_account_id_of_name(struct wn_str normalised)
{
	WN_CLEANUP(wn_arena_freep) struct wn_arena *a = wn_arena_new(0);

	return wn_id_of("account", (struct wn_str[]){WN_STR("n"), wn_name_squeeze(normalised, a)}, 2);
}

struct wn_id wn_account_id_of_person(struct wn_str key, struct wn_str address)
{
	return wn_id_keyed(key, "account", (struct wn_str[]){WN_STR("p"), address}, 2);
}

struct wn_id wn_contact_id_of_address(struct wn_str key, struct wn_str address)
{
	return wn_id_keyed(key, "contact", &address, 1);
}

struct wn_id wn_contact_id_of_person(struct wn_id account, struct wn_str normalised_person)
{
	return wn_id_of("contact", (struct wn_str[]){wn_id_bytes(&account), normalised_person}, 2);
}

struct wn_key32 wn_sighting_key(struct wn_str feed, struct wn_str item_identity, int place)
{
	char number[16];
	int n = snprintf(number, sizeof(number), "%d", place);

	return wn_key32_of("sighting", (struct wn_str[]){feed, item_identity, {number, (size_t)n}}, 3);
}

struct wn_id wn_signal_key(struct wn_id account, struct wn_str kind, struct wn_key32 first_sighting)
{
	struct wn_str key = {(const char *)first_sighting.b, sizeof(first_sighting.b)};

	return wn_id_of("signal", (struct wn_str[]){wn_id_bytes(&account), kind, key}, 3);
}
