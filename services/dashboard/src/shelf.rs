//! Where published figures meet the pages that show them: the newest library, and how it is shown.

use std::sync::Arc;

use arc_swap::ArcSwap;
use figures::published::Library;
use figures::report::Manner;
use figures::report::operations::State;
use schemas::Timestamp;

#[derive(Default)]
pub struct Shelf {
    library: ArcSwap<Library>,
    manner: ArcSwap<Manner>,
    operations: ArcSwap<State>,
}

impl Shelf {
    pub fn library(&self) -> Arc<Library> {
        self.library.load_full()
    }

    pub fn manner(&self) -> Arc<Manner> {
        self.manner.load_full()
    }

    /// Sets how they are shown.
    pub fn set_manner(&self, manner: Manner) {
        self.manner.store(Arc::new(manner));
    }

    /// How the services are doing.
    pub fn operations(&self) -> Arc<State> {
        self.operations.load_full()
    }

    /// Sets how the services are doing.
    pub fn set_operations(&self, state: State) {
        self.operations.store(Arc::new(state));
    }

    pub fn put(&self, library: Library) {
        self.library.store(Arc::new(library));
    }

    /// The store did not answer: what is held stays, and says so.
    pub fn fail(&self, at: Timestamp) {
        self.put(self.library().failed(at));
    }
}
