//! The scripts, one file each, and how they are called.

use std::sync::LazyLock;

use redis::aio::ConnectionLike;
use redis::{FromRedisValue, RedisResult, Script, ScriptInvocation, ToRedisArgs};

macro_rules! scripts {
    ($($name:ident = $file:literal,)+) => {
        $(
            pub(super) static $name: LazyLock<Script> = LazyLock::new(|| {
                Script::new(concat!(include_str!("lua/common.lua"), "\n", include_str!($file)))
            });
        )+
    };
}

scripts! {
    CLAIM = "lua/claim.lua",
    COMMIT = "lua/commit.lua",
    IMPORT = "lua/import.lua",
    IMPORT_CELLS = "lua/import_cells.lua",
    INHERIT = "lua/inherit.lua",
    JOBS = "lua/jobs.lua",
    JOURNAL = "lua/journal.lua",
    LASTING = "lua/lasting.lua",
    LOAD = "lua/load.lua",
    OPEN = "lua/open.lua",
    PLANNED = "lua/planned.lua",
    RENEW = "lua/renew.lua",
    STATS = "lua/stats.lua",
    SWAP = "lua/swap.lua",
    SWAP_CELLS = "lua/swap_cells.lua",
    TIME = "lua/time.lua",
    TURN = "lua/turn.lua",
}

/// One call of a script. It is sent by its hash; a server that does not know it is sent the text.
pub(super) struct Call<'a>(ScriptInvocation<'a>);

impl<'a> Call<'a> {
    /// `now_us` is the time the script goes by, `None` for the server's own.
    pub(super) fn of(script: &'a Script, now_us: Option<i64>) -> Self {
        let now = now_us.map_or_else(String::new, |now| now.to_string());
        Self(script.arg(now))
    }

    /// The next key.
    pub(super) fn key(mut self, key: impl ToRedisArgs) -> Self {
        self.0.key(key);
        self
    }

    /// The next argument.
    pub(super) fn arg(mut self, arg: impl ToRedisArgs) -> Self {
        self.0.arg(arg);
        self
    }

    pub(super) async fn run<T: FromRedisValue>(
        &self,
        connection: &mut (impl ConnectionLike + Send),
    ) -> RedisResult<T> {
        self.0.invoke_async(connection).await
    }
}
