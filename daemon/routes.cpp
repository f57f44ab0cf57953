#include "daemon/api.hpp"
#include "daemon/openapi.hpp"
#include "daemon/router.hpp"

#include <array>

namespace sluice::daemon {
namespace {

constexpr bool kControl = true;

constexpr std::array kRoutes = {
    Route{"GET", "/", pages::asset},
    Route{"GET", "/app.js", pages::asset},
    Route{"GET", "/style.css", pages::asset},
    Route{"GET", "/icon.svg", pages::asset},
    Route{"GET", "/licenses.txt", pages::asset},
    Route{"GET", "/healthz", pages::healthz},
    Route{"GET", "/readyz", pages::readyz},
    Route{"GET", "/metrics", pages::metrics},
    Route{"GET", "/api/v1/openapi.json", api::openapi},
    Route{"GET", "/api/v1/session", api::session},
    Route{"GET", "/api/v1/version", api::version},
    Route{"GET", "/api/v1/status", api::status},
    Route{"GET", "/api/v1/jobs", api::jobs},
    Route{"GET", "/api/v1/jobs/{job}", api::job},
    Route{"GET", "/api/v1/jobs/{job}/windows", api::windows},
    Route{"GET", "/api/v1/jobs/{job}/plan", api::plan},
    Route{"GET", "/api/v1/jobs/{job}/versions", api::versions},
    Route{"GET", "/api/v1/jobs/{job}/versions/{version}", api::job_version},
    Route{"GET", "/api/v1/jobs/{job}/versions/{version}/diff", api::version_diff},
    Route{"GET", "/api/v1/jobs/{job}/diff", api::difference},
    Route{"GET", "/api/v1/instances", api::instances},
    Route{"GET", "/api/v1/instances/{id}", api::instance},
    Route{"GET", "/api/v1/instances/{id}/why", api::why},
    Route{"GET", "/api/v1/instances/{id}/logs", api::logs},
    Route{"GET", "/api/v1/instances/{id}/logs/stream", api::log_stream},
    Route{"GET", "/api/v1/events", api::events},
    Route{"POST", "/api/v1/instances/{id}/rerun", api::rerun, kControl},
    Route{"POST", "/api/v1/instances/{id}/kill", api::kill, kControl},
    Route{"POST", "/api/v1/instances/{id}/freeze", api::freeze, kControl},
    Route{"POST", "/api/v1/instances/{id}/unfreeze", api::unfreeze, kControl},
    Route{"POST", "/api/v1/instances/{id}/set-success", api::set_success, kControl},
    Route{"GET", "/api/v1/blocked", api::blocked},
    Route{"POST", "/api/v1/instances/{id}/skip", api::skip, kControl},
    Route{"POST", "/api/v1/instances/{id}/priority", api::priority, kControl},
    Route{"POST", "/api/v1/instances/{id}/release", api::release, kControl},
    Route{"GET", "/api/v1/instances/{id}/downstream", api::downstream},
    Route{"POST", "/api/v1/batch", api::batch, kControl},
    Route{"POST", "/api/v1/jobs/{job}/pause", api::pause, kControl},
    Route{"POST", "/api/v1/jobs/{job}/resume", api::resume, kControl},
    Route{"GET", "/api/v1/coverage", api::coverage},
    Route{"GET", "/api/v1/audit", api::audit},
    Route{"POST", "/api/v1/diff", api::draft_difference, kControl},
    Route{"GET", "/api/v1/backfills", api::backfills},
    Route{"POST", "/api/v1/backfills", api::create_backfill, kControl},
    Route{"POST", "/api/v1/backfills/preview", api::preview_backfill, kControl},
    Route{"GET", "/api/v1/backfills/{id}", api::backfill},
    Route{"POST", "/api/v1/backfills/{id}/pause", api::pause_backfill, kControl},
    Route{"POST", "/api/v1/backfills/{id}/resume", api::resume_backfill, kControl},
    Route{"POST", "/api/v1/backfills/{id}/cancel", api::cancel_backfill, kControl},
    Route{"POST", "/api/v1/jobs/{job}/verify", api::verify, kControl},
    Route{"POST", "/api/v1/backup", api::backup, kControl},
    Route{"POST", "/api/v1/reload", api::reload, kControl},
    Route{"GET", "/api/v1/incidents", api::incidents},
    Route{"GET", "/api/v1/incidents/{id}", api::incident},
    Route{"POST", "/api/v1/incidents/{id}/ack", api::acknowledge, kControl},
    Route{"POST", "/api/v1/alerts/test", api::test_alert, kControl},
    Route{"GET", "/api/v1/deliveries/{id}", api::delivery},
};

}  // namespace

std::span<const Route> routes() { return kRoutes; }

}  // namespace sluice::daemon
