/** Settings that protect a resource when they are on. */
export const PROTECTIONS =
  /^(?:enable_)?(?:deletion|termination|delete|disable_api|api_termination)_protection(?:_enabled)?$|^prevent_destroy$|^(?:deletion|termination|delete)_protected$|^encrypt(?:ion)?_at_rest$|^(?:\w+_)?(?:force|require|enforce)_(?:ssl|tls)$|^(?:ssl|tls)_mode$|^(?:enable_)?(?:cloud_?trail|guard_?duty|security_?hub|(?:vpc_)?flow_?logs?|access_logs?|audit_logs?|macie)(?:_enabled)?$|^is_logging$|^disable_api_(?:termination|stop)$|^(?:is_)?multi_region_trail$|^uniform_bucket_level_access$|^(?:enable_)?(?:point_in_time_recovery|pitr|versioning|backups?|automated_backups?|log_file_validation|key_rotation|object_lock)(?:_enabled)?$|^(?:block|ignore|restrict)_public_(?:acls|policy|buckets|access)$|^(?:storage_)?encrypted$/;

/** Settings that open it to everybody when they are on. */
export const OPENINGS =
  /^publicly_accessible$|^(?:enable_|allow_|endpoint_)?public(?:_network)?_access(?:_enabled)?$|^allow_blob_public_access$|^is_public$|^allow_unauthenticated$/;

/** Settings by which it is lost when they are on. */
export const LOSSES =
  /^force_(?:destroy|delete)$|^skip_final_(?:backup|snapshot)$|^delete_automated_backups$|^force_delete_without_recovery$|^recovery_window_disabled$|^destroy$/;

/** Settings that say how long copies are kept. */
export const RETENTION =
  /^(?:\w+_)?retention(?:_period|_days|_in_days|_limit)?$|^recovery_window(?:_in_days|_days)?$|^backup_retention(?:_\w+)?$/;

/** Calls that change who may do what. */
export const CHANGES_RIGHTS =
  /^(?:put|attach|create|set|add|update)_?\w*(?:policy|access_?key|login_?profile|iam_?binding)$/i;

/** Roles and policies that permit far more than one task needs. */
export const WIDE_ROLES =
  /(?:policy\/|^)(?:AdministratorAccess|PowerUserAccess|IAMFullAccess)$|^roles\/(?:owner|editor|iam\.\w*(?:Admin|TokenCreator))$|^system:(?:masters|unauthenticated|anonymous)$/;

/** Paths of a machine that a container must not mount. */
export const HOST_PATHS =
  /^\/(?:(?:var)?\/?$|(?:etc|root|run|var\/run|var\/lib\/(?:kubelet|docker|containerd|etcd)|proc|sys|dev|home|boot)(?:\/|$))/;

/** Capabilities by which a container leaves its bounds. */
export const ESCAPING_CAPABILITIES =
  /^(?:ALL|(?:CAP_)?(?:SYS_(?:ADMIN|PTRACE|MODULE|RAWIO)|NET_ADMIN|DAC_(?:OVERRIDE|READ_SEARCH)|BPF))$/i;

/** The same, as a compose file adds them. */
export const COMPOSE_CAPABILITIES = /^(?:ALL|(?:CAP_)?(?:SYS_(?:ADMIN|PTRACE|MODULE|RAWIO)|NET_ADMIN|BPF))$/i;

/** Bindings of such paths. */
export const HOST_BINDS = /^\/(?:|etc|root|proc|sys|boot|dev|var\/run(?:\/docker\.sock)?|run\/docker\.sock):/;
