/* SPDX-License-Identifier: MIT */
/* The table of commands, in the order of the help. Words, help and manual come from the entries; nothing is
 * named twice. */
#include "parts.h"

const struct wn_command *const wn_commands[] = {
    &command_account,
    &command_why,
    &command_status,
    &command_doctor,
    &command_campaign_list,
    &command_campaign_show,
    &command_campaign_approve,
    &command_campaign_cancel,
    &command_touch_list,
    &command_touch_show,
    &command_touch_drop,
    &command_segment_list,
    &command_segment_show,
    &command_segment_check,
    &command_segment_apply,
    &command_segment_withdraw,
    &command_signal_list,
    &command_signal_show,
    &command_signal_add,
    &command_signal_retract,
    &command_account_import,
    &command_contact_import,
    &command_contact_suppress,
    &command_feed_list,
    &command_feed_show,
    &command_feed_poll,
    &command_pause,
    &command_resume,
    &command_config_check,
    &command_config_show,
    &command_reload,
    &command_db_init,
    &command_db_migrate,
    &command_db_status,
    &command_fsck,
    &command_help,
};
const size_t wn_commands_n = WN_COUNT(wn_commands);
