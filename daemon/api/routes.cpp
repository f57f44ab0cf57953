#include "daemon/api/api.hpp"
#include "daemon/api/openapi.hpp"
#include "daemon/api/router.hpp"

#include <array>

namespace sluice::daemon {
namespace {

constexpr Role kOpen = Role::none;
constexpr Role kOperator = Role::operator_;
constexpr Role kAdmin = Role::admin;

constexpr std::array kRoutes = {
    Route{"GET", "/", pages::asset, kOpen},
    Route{"GET", "/app.js", pages::asset, kOpen},
    Route{"GET", "/style.css", pages::asset, kOpen},
    Route{"GET", "/icon.svg", pages::asset, kOpen},
    Route{"GET", "/licenses.txt", pages::asset, kOpen},
    Route{"GET", "/healthz", pages::healthz, kOpen},
    Route{"GET", "/readyz", pages::readyz},
    Route{"GET", "/metrics", pages::metrics},
    Route{"GET", "/api/v1/openapi.json", api::openapi},
    Route{"GET", "/api/v1/session", api::session, kOpen},
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
    Route{"POST", "/api/v1/instances/{id}/rerun", api::rerun, kOperator},
    Route{"POST", "/api/v1/instances/{id}/kill", api::kill, kOperator},
    Route{"POST", "/api/v1/instances/{id}/freeze", api::freeze, kOperator},
    Route{"POST", "/api/v1/instances/{id}/unfreeze", api::unfreeze, kOperator},
    Route{"POST", "/api/v1/instances/{id}/set-success", api::set_success, kOperator},
    Route{"GET", "/api/v1/blocked", api::blocked},
    Route{"POST", "/api/v1/instances/{id}/skip", api::skip, kOperator},
    Route{"POST", "/api/v1/instances/{id}/priority", api::priority, kOperator},
    Route{"POST", "/api/v1/instances/{id}/release", api::release, kOperator},
    Route{"GET", "/api/v1/instances/{id}/downstream", api::downstream},
    Route{"POST", api::kBatchPath, api::batch, kOperator},
    Route{"POST", "/api/v1/jobs/{job}/pause", api::pause, kOperator},
    Route{"POST", "/api/v1/jobs/{job}/resume", api::resume, kOperator},
    Route{"GET", "/api/v1/coverage", api::coverage},
    Route{"GET", "/api/v1/audit", api::audit},
    Route{"POST", "/api/v1/diff", api::draft_difference, kAdmin},
    Route{"GET", "/api/v1/backfills", api::backfills},
    Route{"POST", "/api/v1/backfills", api::create_backfill, kOperator},
    Route{"POST", "/api/v1/backfills/preview", api::preview_backfill, kOperator},
    Route{"GET", "/api/v1/backfills/{id}", api::backfill},
    Route{"POST", "/api/v1/backfills/{id}/pause", api::pause_backfill, kOperator},
    Route{"POST", "/api/v1/backfills/{id}/resume", api::resume_backfill, kOperator},
    Route{"POST", "/api/v1/backfills/{id}/cancel", api::cancel_backfill, kOperator},
    Route{"POST", "/api/v1/jobs/{job}/verify", api::verify, kOperator},
    Route{"POST", "/api/v1/backup", api::backup, kAdmin},
    Route{"POST", "/api/v1/reload", api::reload, kAdmin},
    Route{"GET", "/api/v1/incidents", api::incidents},
    Route{"GET", "/api/v1/incidents/{id}", api::incident},
    Route{"POST", "/api/v1/incidents/{id}/ack", api::acknowledge, kOperator},
    Route{"POST", "/api/v1/alerts/test", api::test_alert, kOperator},
    Route{"GET", "/api/v1/deliveries/{id}", api::delivery},
};

}  // namespace

std::span<const Route> routes() { return kRoutes; }

}  // namespace sluice::daemon
