#include "notice/notice.h"

/*
 * The one table of who is told what: all of it goes to the applicant, or to whoever comes to a hall. «%s» in texts: what, number of
 * the case, a day; of a visit: where, the time, the day.
 */
const struct notice_words notice_table[] = {
    {"submitted", N_("Received: %s"), N_("Your application “%s” (%s) was received. You will hear by %s whether it is accepted.")},
    {"resubmitted", N_("Corrections received: %s"),
     N_("The corrections of “%s” (%s) were received. You will hear by %s whether it is accepted.")},
    {"correction-asked", N_("Please correct: %s"),
     N_("“%s” (%s) needs corrections. Please see the list and hand everything in together by %s.")},
    {"accepted", N_("Accepted: %s"),
     N_("“%s” (%s) is accepted. The departments are working on it; there is nothing for you to do.")},
    {"deferred-due", N_("Due soon: %s"),
     N_("Materials of “%s” (%s) that may follow are due by %s. Otherwise what waits for them ends.")},
    {"not-accepted", N_("Not taken on: %s"), N_("“%s” (%s) is not taken on. The notice says why and what you can do.")},
    {"lapsed", N_("Closed: %s"), N_("“%s” (%s) is closed: the corrections did not come in time. You can apply again.")},
    {"special-started", N_("A special procedure: %s"),
     N_("“%s” (%s) is in a special procedure, whose time is not counted. The notice says how long.")},
    {"extended", N_("It takes longer: %s"), N_("The time limit of “%s” (%s) was extended. The notice says why.")},
    {"decided", N_("Decided: %s"), N_("A decision was made on “%s” (%s). You find it with your case.")},
    {"item-closed", N_("Closed: %s"), N_("“%s” (%s) is closed. Your case says why.")},
    {"issued", N_("Issued: %s"), N_("The result of “%s” (%s) is issued. You find it with your case.")},
    {"issued-window", N_("Ready for pick-up: %s"),
     N_("The result of “%s” (%s) is ready. Please bring your identity card to the issuing desk; all results together.")},
    {"issued-courier", N_("On its way soon: %s"), N_("The result of “%s” (%s) is issued and goes to the courier.")},
    {"delivered", N_("Delivered: %s"), N_("The result of “%s” (%s) was delivered.")},
    {"withdrawn", N_("Withdrawn: %s"), N_("“%s” (%s) is withdrawn as you asked.")},
    {"terminated", N_("Ended: %s"), N_("In “%s” (%s), items ended whose materials did not come in time. The notice says which.")},
    {"revoked", N_("Revoked: %s"), N_("A grant in “%s” (%s) was revoked. The decision says why and what you can do.")},
    {"dates-open", N_("Please choose a date: %s"),
     N_("“%s” (%s) has dates for the joint site visit. Please choose one with your case.")},
    {"date-chosen", N_("The date is fixed: %s"), N_("The joint site visit of “%s” (%s) has its date. You find it with your case.")},
    {"called-off", N_("Called off: %s"), N_("The joint site visit of “%s” (%s) is called off. Your case says why.")},
    {"step-added", N_("One more department: %s"), N_("“%s” (%s) is looked at by one more department. The promised day stays.")},
    {"reopened", N_("Decided again: %s"),
     N_("A decision on “%s” (%s) is made again before anything is issued. Your case says why.")},
    {"deferred-unfit", N_("Please hand in again: %s"),
     N_("A material of “%s” (%s) that followed does not do. Your case says what it must be.")},
    {"message", N_("A message: %s"), N_("A department has written to you about “%s” (%s). You find it with your case.")},
    {"parcel-picked-up", N_("Sent by courier: %s"), N_("The result of “%s” (%s) is on its way. Your case shows where it is.")},
    {"parcel-failed", N_("Could not be delivered: %s"),
     N_("The courier could not deliver the result of “%s” (%s). The issuing desk will call you or send it again.")},
    {"parcel-pick-up", N_("Ready for pick-up: %s"),
     N_("The result of “%s” (%s) came back from the courier and waits for you at the issuing desk.")},
    {"visit-booked", N_("Appointment made: %s"),
     N_("You have an appointment at “%s”: %s on %s. If you cannot come, please cancel it: somebody else is glad of the time.")},
    {"visit-moved", N_("Appointment moved: %s"), N_("Your appointment at “%s” has a new time: %s on %s.")},
    {"visit-cancelled", N_("Appointment cancelled: %s"),
     N_("Your appointment at “%s” (%s on %s) was cancelled by the hall. The page says why; you can book another time.")},
    {"visit-soon", N_("A reminder of your appointment: %s"),
     N_("We expect you at “%s”: %s on %s. If you cannot come, please cancel or move it.")},
    {NULL, NULL, NULL},
};

const struct notice_words *notice_find(struct span event)
{
  for (const struct notice_words *n = notice_table; n->event; n++)
    if (span_is(event, n->event))
      return n;
  return NULL;
}
