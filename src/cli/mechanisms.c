#include "cli/mechanisms.h"

#include "account/account.h"
#include "account/account_pages.h"
#include "casework/applicant_pages.h"
#include "casework/casework.h"
#include "casework/desk_pages.h"
#include "casework/joint_pages.h"
#include "catalog/catalog_pages.h"
#include "cli/service.h"
#include "consult/consult_pages.h"
#include "courier/courier_pages.h"
#include "credit/credit_pages.h"
#include "edit/draft.h"
#include "edit/edit_pages.h"
#include "hall/hall.h"
#include "hall/hall_pages.h"
#include "history/history.h"
#include "kiosk/kiosk_pages.h"
#include "notice/notice_pages.h"
#include "paper/paper_pages.h"
#include "plan/plan_pages.h"
#include "promise/promise_pages.h"
#include "record/record_pages.h"
#include "watch/alarm.h"
#include "watch/registry.h"

const struct kind *const all_kinds[] = {
    &account_kind, &casefile_kind, &history_kind, &history_log_kind, &registry_kind, &alarm_kind,   &credit_kind, &catalogue_kind,
    &parcel_kind,  &contact_kind,  &notice_kind,  &draft_kind,       &queue_kind,    &consult_kind, &kiosk_kind,  NULL,
};

const struct migration *const all_migrations[] = {
    engine_migrations, account_migrations, casework_migrations, history_migrations, record_migrations,
    watch_migrations,  promise_migrations, courier_migrations,  notice_migrations,  credit_migrations,
    draft_migrations,  hall_migrations,    consult_migrations,  kiosk_migrations,   NULL,
};

const struct route *const all_routes[] = {
    service_routes,
    account_routes,
    catalog_routes,
    catalog_api_routes,
    plan_routes,
    applicant_routes,
    applicant_api_routes,
    desk_routes,
    joint_routes,
    office_routes,
    issue_routes,
    overview_routes,
    records_routes,
    staff_api_routes,
    watch_routes,
    record_routes,
    record_api_routes,
    promise_routes,
    credit_routes,
    hall_routes,
    window_routes,
    hall_api_routes,
    kiosk_routes,
    paper_routes,
    courier_routes,
    notice_routes,
    edit_routes,
    consult_routes,
    NULL,
};

const struct nav_item site_nav[] = {
    {"/things", N_("Matters"), ROLE_PUBLIC},
    {"/halls", N_("Halls"), ROLE_PUBLIC},
    {"/progress", N_("Track a case"), ROLE_PUBLIC},
    {"/cases", N_("My cases"), ROLE_APPLICANT},
    {"/queue", N_("Call the next"), ROLE_CLERK},
    {"/consult", N_("My questions"), ROLE_APPLICANT},
    {"/desk", N_("Window desk"), ROLE_CLERK},
    {"/desk/consult", N_("Live questions"), ROLE_CLERK},
    {"/office", N_("Department inbox"), ROLE_OFFICER},
    {"/issue", N_("Issuing desk"), ROLE_ISSUER},
    {"/overview", N_("Overview"), ROLE_SUPERVISOR},
    {"/alarms", N_("Alarms"), ROLE_SUPERVISOR},
    {"/credit", N_("Credit"), ROLE_SUPERVISOR},
    {"/records", N_("Records"), ROLE_RECORDS},
    {"/editor", N_("Catalogue desk"), ROLE_EDITOR | ROLE_LEGAL},
    {"/keys", N_("Keys"), ROLE_ADMIN},
    {0},
};

const struct kiosk_tile kiosk_tiles[] = {
    {"/halls/", "/kiosk", N_("Take a ticket"), N_("For a window, now: your number and about how long it takes")},
    {"/things", NULL, N_("Apply for something"), N_("Answer a few questions, see what is needed, fill in one form")},
    {"/visits", NULL, N_("I have an appointment"), N_("With your identity: check in and take your number")},
    {"/progress", NULL, N_("See how far my case is"), N_("With the number and the code on your receipt")},
    {"/cases", NULL, N_("My cases"), N_("With your identity: applications, papers, certificates")},
    {0},
};
