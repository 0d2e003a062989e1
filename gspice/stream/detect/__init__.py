"""Where on a screen a video plays, found in the frames that clients see."""
