#include "cli/mechanisms.h"

#include "casework/casework.h"
#include "history/history.h"

const struct kind *const all_kinds[] = {
    &casefile_kind,
    &history_kind,
    &history_log_kind,
    NULL,
};

const struct migration *const all_migrations[] = {
    engine_migrations,
    casework_migrations,
    history_migrations,
    NULL,
};
